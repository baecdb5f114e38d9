package nomspark.drill;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Checks the application without a cluster: whole runs inside this JVM (spark-submit with a local
 * master). Prints what it checks and exits with 1 at the first difference.
 */
public final class SelfCheck {
  private static final Text TEXT = Text.generate();

  /** Long enough to hang for all that this check waits, in milliseconds. */
  private static final long HANGING = 20_000;

  /** Every wait ends after this many seconds. */
  private static final int LIMIT = 60;

  private static final Pattern PROGRESS =
      Pattern.compile(
          "\\{\"application\":(null|\"local-[0-9]+\"),\"started_ms\":([0-9]+),"
              + "\"waves\":([0-9]+),\"wrong\":([0-9]+)}\n");

  private final HttpClient client = HttpClient.newHttpClient();
  private final Path folder;
  private final int port;

  private SelfCheck(Path folder) throws IOException {
    this.folder = folder;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    // Free for whatever is checked after this process.
    Files.writeString(folder.resolve("port"), String.valueOf(port));
  }

  /** Takes one argument: an empty folder for files. */
  public static void main(String[] args) throws Exception {
    SelfCheck check = new SelfCheck(Path.of(args[0]));
    check.arguments();
    check.server();
    check.text();
    check.wave();
    check.endsWithTheFile();
    check.endsWithTheTime();
    check.doesNotBegin();
    check.endsWhereAWaveHangs();
    check.tellsWrongWaves();
    check.tellsThatSparkGaveUp();
    System.exit(0);
  }

  private void arguments() throws Exception {
    say("the command line is read strictly");
    Arguments good = Arguments.parse("--at-most 5 --listen 127.0.0.1:4040 --end f".split(" "));
    same("host", "127.0.0.1", good.host);
    same("port", 4040, good.port);
    same("end", "f", good.end);
    same("seconds", 5, good.atMost);
    same("IPv6", "fd00::1", Arguments.parse(words("--listen [fd00::1]:1 --end f --at-most 1")).host);
    for (String wrong :
        new String[] {
          "", "--listen a:1 --end f", "--listen a:1 --at-most 1", "--end f --at-most 1",
          "--listen a:1 --end f --at-most", "--listen a:1 --end f --at-most 0",
          "--listen a:1 --end f --at-most 1.5", "--listen a:1 --end f --at-most 99999999999",
          "--listen a --end f --at-most 1", "--listen :1 --end f --at-most 1",
          "--listen a:0 --end f --at-most 1", "--listen a:65536 --end f --at-most 1",
          "--listen ::1:1 --end f --at-most 1", "--listen []:1 --end f --at-most 1",
          "--listen a:1 --end f --at-most 1 x", "--listen a:1 --end f --at-most 1 --unknown 1",
          "--listen a:1 --end f --at-most 1 --end f", "--listen name.invalid:1 --end f --at-most 1"
        }) {
      same("exit code of '" + wrong + "'", 2, new Drill(TEXT, 0).run(words(wrong)));
    }
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String words = "--listen 127.0.0.1:" + taken.getLocalPort() + " --end f --at-most 1";
      same("exit code with a port that is taken", 2, new Drill(TEXT, 0).run(words(words)));
    }
  }

  private void server() throws Exception {
    say("the progress is served before there is an application, and nothing else is");
    Progress progress = new Progress();
    try (ProgressServer server = ProgressServer.start("127.0.0.1", port, progress)) {
      Matcher before = progress();
      same("application", "null", before.group(1));
      same("waves", "0", before.group(3));
      long started = Long.parseLong(before.group(2));
      long age = System.currentTimeMillis() - started;
      same("this process began in the last minutes: " + started, true, age > 0 && age < 600_000);
      progress.isApplication("local-1");
      progress.add(true);
      progress.add(false);
      Matcher after = progress();
      same("application", "\"local-1\"", after.group(1));
      same("waves", "2", after.group(3));
      same("wrong", "1", after.group(4));
      same("another path", 404, get("/progress/more").statusCode());
      same("no path", 404, get("/").statusCode());
      HttpRequest.Builder post = request("/progress").POST(HttpRequest.BodyPublishers.ofString("x"));
      same("POST", 404, send(post).statusCode());
      same("server", true, server != null);
    }
  }

  private void text() {
    say("the text is the same every time");
    same("text", TEXT, Text.generate());
    same("words", 4_096L, TEXT.words());
    long words = TEXT.lines().stream().mapToLong(line -> line.split(" ").length).sum();
    same("words of the lines", 4_096L, words);
  }

  private void wave() {
    say("a wave counts every word");
    try (JavaSparkContext sc = new JavaSparkContext(new SparkConf().setAppName("wave"))) {
      same("counts", TEXT.answer(), Wave.count(sc, TEXT.lines(), 0));
    }
  }

  private void endsWithTheFile() throws Exception {
    say("the progress goes up until the file is there");
    Path end = folder.resolve("end");
    FutureTask<Integer> run = start(new Drill(TEXT, 0), end, LIMIT);
    Matcher first = awaitWaves(1);
    Matcher later = awaitWaves(Long.parseLong(first.group(3)) + 3);
    same("application", first.group(1), later.group(1));
    same("start", first.group(2), later.group(2));
    same("wrong", "0", later.group(4));
    Files.createFile(end);
    same("exit code", 0, run.get(LIMIT, TimeUnit.SECONDS));
    try {
      get("/progress");
      throw new AssertionError("the progress is served after the end");
    } catch (IOException e) {
      // Nobody listens any more.
    }
  }

  private void endsWithTheTime() throws Exception {
    say("the time ends it as well");
    FutureTask<Integer> run = start(new Drill(TEXT, 0), folder.resolve("never"), 3);
    awaitWaves(1);
    same("exit code", 0, run.get(LIMIT, TimeUnit.SECONDS));
  }

  private void doesNotBegin() throws Exception {
    say("nothing begins where the file is there already");
    FutureTask<Integer> run = start(new Drill(TEXT, HANGING), folder.resolve("end"), LIMIT);
    same("exit code", 0, run.get(1, TimeUnit.SECONDS));
  }

  private void endsWhereAWaveHangs() throws Exception {
    say("a wave that hangs delays neither the progress nor the end");
    Path end = folder.resolve("hanging-end");
    Drill drill = new Drill(TEXT, HANGING);
    FutureTask<Integer> run = start(drill, end, LIMIT);
    await("an application", () -> !progress().group(1).equals("null"));
    Thread.sleep(2_000); // the wave has begun
    long asked = System.nanoTime();
    same("waves", "0", progress().group(3));
    same("the progress is quick", true, System.nanoTime() - asked < TimeUnit.SECONDS.toNanos(1));
    Files.createFile(end);
    same("exit code", 0, run.get(3, TimeUnit.SECONDS));
    same("what was cancelled counts", 0L, drill.waves());
  }

  private void tellsWrongWaves() throws Exception {
    say("a wrong wave is told");
    Path end = folder.resolve("wrong-end");
    Drill drill = new Drill(new Text(TEXT.lines(), Map.of("word1", 7L)), 0);
    FutureTask<Integer> run = start(drill, end, LIMIT);
    same("all waves are wrong", true, !awaitWaves(2).group(4).equals("0"));
    Files.createFile(end);
    same("exit code", 1, run.get(LIMIT, TimeUnit.SECONDS));
  }

  private void tellsThatSparkGaveUp() throws Exception {
    say("a wave that Spark cannot finish is told");
    // No task can sleep for less than no time.
    FutureTask<Integer> run = start(new Drill(TEXT, -1), folder.resolve("never"), LIMIT);
    same("exit code", 1, run.get(LIMIT, TimeUnit.SECONDS));
  }

  private FutureTask<Integer> start(Drill drill, Path end, int atMost) {
    String[] words = {
      "--listen", "127.0.0.1:" + port, "--end", end.toString(), "--at-most", String.valueOf(atMost)
    };
    FutureTask<Integer> run = new FutureTask<>(() -> drill.run(words));
    new Thread(run).start();
    return run;
  }

  /** Waits until this many waves were counted and returns the progress then. */
  private Matcher awaitWaves(long waves) throws Exception {
    await(waves + " waves", () -> Long.parseLong(progress().group(3)) >= waves);
    return progress();
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT);
    while (System.nanoTime() - deadline < 0) {
      try {
        if (condition.call()) {
          return;
        }
      } catch (IOException e) {
        // The server has not begun yet.
      }
      Thread.sleep(20);
    }
    throw new AssertionError("no " + what + " after " + LIMIT + " seconds");
  }

  private Matcher progress() throws IOException, InterruptedException {
    HttpResponse<String> response = get("/progress");
    same("status", 200, response.statusCode());
    Matcher progress = PROGRESS.matcher(response.body());
    same("form of " + response.body(), true, progress.matches());
    return progress;
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(request(path).GET());
  }

  private HttpRequest.Builder request(String path) {
    URI uri = URI.create("http://127.0.0.1:" + port + path);
    return HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(LIMIT));
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String[] words(String line) {
    return line.isEmpty() ? new String[0] : line.split(" ");
  }

  private static void same(String what, Object expected, Object found) {
    if (!expected.equals(found)) {
      throw new AssertionError(what + ": expected " + expected + ", found " + found);
    }
  }

  private static void say(String what) {
    System.out.println("check: " + what);
  }
}
