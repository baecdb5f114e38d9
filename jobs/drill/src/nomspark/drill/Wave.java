package nomspark.drill;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/** The part that Spark distributes: the lines of a text to counted words, through a shuffle. */
final class Wave {
  private Wave() {}

  /**
   * Counts the words of a text.
   *
   * @param pause how long each task sleeps before it reads its lines, in milliseconds
   */
  static Map<String, Long> count(JavaSparkContext sc, List<String> lines, long pause) {
    int partitions = Math.max(2, cores(sc));
    Map<String, Long> counts = new HashMap<>();
    sc.parallelize(lines, partitions)
        .mapPartitionsToPair(
            part -> {
              Thread.sleep(pause);
              List<Tuple2<String, Long>> words = new ArrayList<>();
              while (part.hasNext()) {
                for (String word : part.next().split(" ")) {
                  words.add(new Tuple2<>(word, 1L));
                }
              }
              return words.iterator();
            })
        .reduceByKey(Long::sum, partitions)
        .collect()
        // Added up once more, so that a word that came twice cannot look right.
        .forEach(word -> counts.merge(word._1(), word._2(), Long::sum));
    return counts;
  }

  /**
   * How many cores the cluster gives, asked for every wave, because executors come and go. A user's
   * spark.default.parallelism is meant for larger texts than this one.
   */
  private static int cores(JavaSparkContext sc) {
    int most = sc.getConf().getInt("spark.cores.max", Integer.MAX_VALUE);
    return Math.max(1, Math.min(sc.defaultParallelism(), most));
  }
}
