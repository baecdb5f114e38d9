package nomspark.drill;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Serves GET /progress in threads of its own, so that it answers at once while a wave hangs. */
final class ProgressServer implements AutoCloseable {
  /** How many connections may wait to be accepted: as many as the JDK likes. */
  private static final int BACKLOG = 0;

  private final HttpServer server;
  private final ExecutorService threads;
  private final Progress progress;

  private ProgressServer(InetSocketAddress address, Progress progress) throws IOException {
    this.progress = progress;
    server = HttpServer.create(address, BACKLOG);
    // A client that was cut off in the middle of a request keeps its thread, and no other client waits for it.
    threads = Executors.newCachedThreadPool(ProgressServer::daemon);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  static ProgressServer start(String host, int port, Progress progress) throws UsageException {
    InetSocketAddress address = new InetSocketAddress(host, port);
    try {
      if (address.isUnresolved()) {
        throw new IOException("no such host");
      }
      return new ProgressServer(address, progress);
    } catch (IOException e) {
      throw new UsageException("cannot listen on " + host + " port " + port + ": " + e.getMessage());
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!exchange.getRequestMethod().equals("GET")
          || !"/progress".equals(exchange.getRequestURI().getPath())) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      byte[] body = progress.json().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "progress");
    thread.setDaemon(true);
    return thread;
  }
}
