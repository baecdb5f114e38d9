package nomspark.recovery;

import java.io.IOException;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import javax.servlet.http.HttpServletResponse;

/** What {@link LeaderFilter} is, for Spark 3.5, whose web server has the servlets of before Jakarta. */
public final class JavaxLeaderFilter implements Filter {
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
