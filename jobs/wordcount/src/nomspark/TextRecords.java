package nomspark;

import java.util.Iterator;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.Text;
import scala.Tuple2;

/** The lines that Hadoop's TextInputFormat reads; a word never goes on in the next line. */
final class TextRecords implements WordSource {
  /** Bytes fed at a time, so that one huge line cannot overfill the table. */
  private static final int PIECE_BYTES = 256 << 10;

  private final Iterator<Tuple2<LongWritable, Text>> records;
  private Text line = new Text();
  private int position;

  TextRecords(Iterator<Tuple2<LongWritable, Text>> records) {
    this.records = records;
  }

  @Override
  public boolean feed(WordTable table) {
    if (position == line.getLength()) {
      table.endWord();
      if (!records.hasNext()) {
        return false;
      }
      line = records.next()._2();
      position = 0;
    }
    int to = position + Math.min(PIECE_BYTES, line.getLength() - position);
    table.feed(line.getBytes(), position, to);
    position = to;
    return true;
  }
}
