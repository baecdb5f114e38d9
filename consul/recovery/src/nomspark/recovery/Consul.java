package nomspark.recovery;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Consul's HTTP API, at the agent of this host. */
final class Consul {
  /** What Consul answered. */
  record Answer(int status, byte[] body) {
    boolean isGood() {
      return status == 200;
    }

    String text() {
      return new String(body, StandardCharsets.UTF_8).strip();
    }
  }

  private final HttpClient http;
  private final ConsulSettings settings;

  Consul(ConsulSettings settings) throws IOException {
    this.settings = settings;
    // How long a connection may take is part of each request's time.
    HttpClient.Builder builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1);
    // The agent of this host is never behind a proxy.
    builder.proxy(HttpClient.Builder.NO_PROXY);
    if (settings.isTls()) {
      builder.sslContext(Tls.context(settings));
    }
    http = builder.build();
  }

  Answer get(String path, Duration timeout) throws IOException, InterruptedException {
    return send(request(path, timeout).GET());
  }

  Answer put(String path, String body, Duration timeout) throws IOException, InterruptedException {
    return send(request(path, timeout).PUT(BodyPublishers.ofString(body)));
  }

  /** A key of the KV store, or a value of a query, as it stands in a URL. */
  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("%2F", "/");
  }

  private HttpRequest.Builder request(String path, Duration timeout) throws IOException {
    StringBuilder target = new StringBuilder(settings.address()).append(path);
    char separator = path.indexOf('?') < 0 ? '?' : '&';
    for (String parameter : settings.parameters()) {
      target.append(separator).append(parameter);
      separator = '&';
    }
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(target.toString())).timeout(timeout);
    String token = settings.token();
    if (!token.isEmpty()) {
      request.header("X-Consul-Token", token);
    }
    return request;
  }

  private Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
    var answer = http.send(request.build(), BodyHandlers.ofByteArray());
    return new Answer(answer.statusCode(), answer.body());
  }
}
