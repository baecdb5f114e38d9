package nomspark.drill;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A text with the answer that every wave must give.
 *
 * @param lines words between single spaces
 * @param answer how often each word is there
 */
record Text(List<String> lines, Map<String, Long> answer) {
  private static final int LINES = 64;
  private static final int WORDS_PER_LINE = 64;
  private static final int VOCABULARY = 40;

  /** The same text every time, in which some words are much more frequent than others. */
  static Text generate() {
    Random random = new Random(1);
    List<String> lines = new ArrayList<>();
    Map<String, Long> answer = new HashMap<>();
    for (int i = 0; i < LINES; i++) {
      List<String> line = new ArrayList<>();
      for (int j = 0; j < WORDS_PER_LINE; j++) {
        String word = "word" + random.nextInt(1 + random.nextInt(VOCABULARY));
        line.add(word);
        answer.merge(word, 1L, Long::sum);
      }
      lines.add(String.join(" ", line));
    }
    return new Text(lines, answer);
  }

  /** How many words the text has. */
  long words() {
    return total(answer);
  }

  /** How many words were counted. */
  static long total(Map<String, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }
}
