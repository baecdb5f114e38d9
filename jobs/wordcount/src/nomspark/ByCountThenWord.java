package nomspark;

import java.io.Serializable;
import java.util.Comparator;
import scala.Tuple2;

/**
 * The order of the results: the most frequent word first, words of the same count in the order of
 * their UTF-8 bytes.
 */
final class ByCountThenWord implements Comparator<Tuple2<String, Long>>, Serializable {
  private static final long serialVersionUID = 1;

  @Override
  public int compare(Tuple2<String, Long> a, Tuple2<String, Long> b) {
    int byCount = Long.compare(b._2(), a._2());
    return byCount != 0 ? byCount : compareWords(a._1(), b._1());
  }

  /**
   * Compares by code point, which is the order of the UTF-8 bytes. String.compareTo differs: it puts
   * surrogates, which stand for the code points above U+FFFF, before U+E000 to U+FFFF.
   */
  static int compareWords(String a, String b) {
    int length = Math.min(a.length(), b.length());
    for (int i = 0; i < length; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        boolean highX = Character.isSurrogate(x);
        return highX == Character.isSurrogate(y) ? x - y : highX ? 1 : -1;
      }
    }
    return a.length() - b.length();
  }
}
