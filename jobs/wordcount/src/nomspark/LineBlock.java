package nomspark;

import java.io.ByteArrayOutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.NoSuchElementException;
import scala.Tuple2;

/**
 * Some lines of result.tsv, made by the executors: the driver only has to write the bytes, and needs
 * no object per word.
 */
final class LineBlock implements Serializable {
  private static final long serialVersionUID = 1;

  /** A block ends with the line that reaches this size. */
  private static final int BLOCK_BYTES = 1 << 20;

  /** UTF-8, every line ends with \n. */
  final byte[] lines;

  /** How many lines, that is distinct words, the block has. */
  final long distinct;

  /** Sum of the counts. */
  final long total;

  private LineBlock(byte[] lines, long distinct, long total) {
    this.lines = lines;
    this.distinct = distinct;
    this.total = total;
  }

  /** Turns words that are already in the order of the results into blocks, one at a time. */
  static Iterator<LineBlock> blocks(Iterator<Tuple2<String, Long>> words) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return words.hasNext();
      }

      @Override
      public LineBlock next() {
        if (!words.hasNext()) {
          throw new NoSuchElementException();
        }
        return block(words);
      }
    };
  }

  private static LineBlock block(Iterator<Tuple2<String, Long>> words) {
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    long distinct = 0;
    long total = 0;
    while (words.hasNext() && lines.size() < BLOCK_BYTES) {
      Tuple2<String, Long> word = words.next();
      lines.writeBytes(Long.toString(word._2()).getBytes(StandardCharsets.US_ASCII));
      lines.write('\t');
      lines.writeBytes(word._1().getBytes(StandardCharsets.UTF_8));
      lines.write('\n');
      distinct++;
      total += word._2();
    }
    return new LineBlock(lines.toByteArray(), distinct, total);
  }
}
