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
    boolean led = ConsulRecovery.hasLed();
    chain.doFilter(request, response);
    // The answer has not left yet: it is shorter than the buffer, or a page that names no state at its beginning.
    if ((led || ConsulRecovery.hasLed()) && !ConsulRecovery.leads()) {
      response.reset();
      ((HttpServletResponse) response).sendError(HttpServletResponse.SC_SERVICE_UNAVAILABLE, "leads no more");
    }
  }
}
