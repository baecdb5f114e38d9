package nomspark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import scala.Tuple2;

/**
 * The words of a text with their counts, in bounded memory: whenever the table is full, its words
 * are handed out and counting starts anew. A word can therefore come several times; the counts of
 * the same word are added up later.
 */
final class CountedWords implements Iterator<Tuple2<String, Long>> {
  private final WordSource source;
  private final WordTable table;
  private int next;
  private boolean ended;

  CountedWords(WordSource source, WordTable table) {
    this.source = source;
    this.table = table;
  }

  @Override
  public boolean hasNext() {
    while (next == table.size()) {
      if (ended) {
        return false;
      }
      table.clear();
      next = 0;
      fill();
    }
    return true;
  }

  @Override
  public Tuple2<String, Long> next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Tuple2<String, Long> word = new Tuple2<>(table.word(next), table.count(next));
    next++;
    return word;
  }

  private void fill() {
    try {
      while (!table.isFull()) {
        if (!source.feed(table)) {
          table.endWord();
          ended = true;
          return;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
