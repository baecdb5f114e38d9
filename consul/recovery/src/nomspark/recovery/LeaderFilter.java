package nomspark.recovery;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Keeps the web UI of a master that may not lead any more from saying that it is ALIVE ({@code spark.ui.filters}).
 * A process that was paused answers what came meanwhile before anything else can end it.
 */
public final class LeaderFilter implements Filter {
  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    chain.doFilter(request, response);
    // Looked at last: the state that the page names is as old as the page.
    if (!ConsulRecovery.hasLostLeadership()) {
      return;
    }
    if (response.isCommitted()) {
      // A long page names the state at its end, which has not left yet.
      throw new ServletException("this master leads no more");
    }
    response.reset();
    ((HttpServletResponse) response).sendError(HttpServletResponse.SC_SERVICE_UNAVAILABLE, "leads no more");
  }
}
