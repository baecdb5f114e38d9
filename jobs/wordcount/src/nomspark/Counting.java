package nomspark;

import java.io.File;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapred.TextInputFormat;
import org.apache.spark.HashPartitioner;
import org.apache.spark.SparkFiles;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/** The part that Spark distributes: text to counted words to sorted lines. */
final class Counting {
  /** Bytes a task reads from a file at a time. */
  private static final int BUFFER_BYTES = 256 << 10;

  /** Spark writes a shuffle of up to 200 partitions without sorting or buffering records. */
  private static final int MAX_SHUFFLE_PARTITIONS = 200;

  /** Weight of a word in a partition besides its characters: its count and lengths. */
  private static final int WORD_OVERHEAD_BYTES = 16;

  private Counting() {}

  /**
   * Counts a file of the driver's host. Spark's file server hands it to each executor once, whatever
   * host that runs on; a task then reads its range from the executor's own copy.
   */
  static JavaPairRDD<String, Long> upload(
      JavaSparkContext sc, File file, long length, Limits limits) {
    sc.addFile(file.toURI().toString());
    String name = file.getName();
    long rangeBytes = length <= limits.smallBytes() ? limits.smallBytes() : limits.rangeBytes();
    int tableBytes = limits.tableBytes();
    int tableWords = limits.tableWords();
    List<Long> starts = TextRange.starts(length, rangeBytes);
    return sc.parallelize(starts, Math.max(1, starts.size()))
        .flatMapToPair(
            start -> {
              long end = Math.min(length, start + rangeBytes);
              TextRange range =
                  new TextRange(new File(SparkFiles.get(name)), start, end, BUFFER_BYTES);
              TaskContext.get()
                  .addTaskCompletionListener((TaskCompletionListener) task -> range.close());
              return new CountedWords(range, new WordTable(tableBytes, tableWords));
            });
  }

  /** Counts text that the executors read themselves. */
  static JavaPairRDD<String, Long> uri(
      JavaSparkContext sc, String uri, long length, Limits limits) {
    int tableBytes = limits.tableBytes();
    int tableWords = limits.tableWords();
    int leastPartitions = Limits.pieces(length, limits.rangeBytes());
    return sc.hadoopFile(
            uri, TextInputFormat.class, LongWritable.class, Text.class, leastPartitions)
        .mapPartitionsToPair(
            records ->
                new CountedWords(
                    new TextRecords(records), new WordTable(tableBytes, tableWords)));
  }

  /** Adds up, sorts and formats the counted words of a small input in one task. */
  static Iterator<LineBlock> sortSmall(JavaPairRDD<String, Long> words) {
    return words
        .coalesce(1)
        .mapPartitions(
            part -> {
              Map<String, Long> counts = new HashMap<>();
              part.forEachRemaining(word -> counts.merge(word._1(), word._2(), Long::sum));
              List<Tuple2<String, Long>> sorted = new ArrayList<>(counts.size());
              counts.forEach((word, count) -> sorted.add(new Tuple2<>(word, count)));
              sorted.sort(new ByCountThenWord());
              return LineBlock.blocks(sorted.iterator());
            })
        .collect()
        .iterator();
  }

  /**
   * Adds up, sorts and formats the counted words of an input of any size. What is used twice is kept
   * on the executors' disks, because nothing here is sure to fit into memory.
   */
  static Iterator<LineBlock> sortLarge(
      JavaSparkContext sc, JavaPairRDD<String, Long> words, Limits limits) {
    int reducers = Math.max(words.getNumPartitions(), sc.defaultParallelism());
    JavaPairRDD<String, Long> counts =
        words
            .combineByKey(
                count -> count,
                Long::sum,
                Long::sum,
                new HashPartitioner(Math.min(reducers, MAX_SHUFFLE_PARTITIONS)),
                false, // a task has already added up its own words
                null)
            .persist(StorageLevel.DISK_ONLY());
    int partitions = Limits.pieces(weight(counts), limits.sortBytes());
    JavaRDD<LineBlock> lines =
        counts
            .mapToPair(word -> new Tuple2<>(word, (Void) null))
            .sortByKey(new ByCountThenWord(), true, partitions)
            .keys()
            .mapPartitions(LineBlock::blocks);
    if (partitions > 1) {
      // toLocalIterator computes one partition after the other; this computes them side by side.
      lines.persist(StorageLevel.DISK_ONLY());
      lines.count();
    }
    return lines.toLocalIterator();
  }

  /** About how many bytes all counted words take. */
  private static long weight(JavaPairRDD<String, Long> counts) {
    return counts
        .mapPartitions(
            part -> {
              long weight = 0;
              while (part.hasNext()) {
                weight += part.next()._1().length() + WORD_OVERHEAD_BYTES;
              }
              return List.of(weight).iterator();
            })
        .reduce(Long::sum);
  }
}
