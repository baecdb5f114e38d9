package nomspark;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Counts words as bytes, so that no object is made for a word that is already known. Text goes in
 * piece by piece with {@link #feed}; a word may span any number of pieces.
 *
 * <p>The distinct words lie one after the other in a byte array, numbered in the order in which they
 * appeared; behind them lies the word being read. Word numbers are found through an open-addressing
 * hash table with linear probing.
 */
final class WordTable {
  /** Start value and factor of the 32-bit FNV-1a hash. */
  private static final int HASH_START = 0x811c9dc5;

  private static final int HASH_FACTOR = 0x01000193;

  /** The longest array that every JVM can make. */
  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private final int maxBytes;
  private final int maxWords;

  private byte[] bytes = new byte[1 << 16];
  private int end;

  private int size;

  /** Where each word starts in {@code bytes}; element {@code size} is the word being read. */
  private int[] starts = new int[(1 << 11) + 1];

  private int[] hashes = new int[1 << 11];
  private long[] counts = new long[1 << 11];

  /** Word number plus 1, or 0 for a free slot; the length is a power of 2, at most half is used. */
  private int[] slots = new int[1 << 12];

  /** Hash of the word being read. */
  private int hash = HASH_START;

  /**
   * @param maxBytes full with this many bytes of words
   * @param maxWords full with this many distinct words
   */
  WordTable(int maxBytes, int maxWords) {
    this.maxBytes = maxBytes;
    this.maxWords = maxWords;
  }

  /** Whether a byte is ASCII white space: space, \t, \n, \v, \f or \r. */
  static boolean isSpace(byte b) {
    return b == ' ' || (b >= '\t' && b <= '\r');
  }

  /** Counts the words of a piece of text; its last word stays open for the next piece. */
  void feed(byte[] text, int from, int to) {
    reserve(to - from);
    for (int i = from; i < to; i++) {
      byte b = text[i];
      if (isSpace(b)) {
        endWord();
      } else {
        bytes[end++] = b;
        hash = (hash ^ b) * HASH_FACTOR;
      }
    }
  }

  /** Whether the text so far ends inside a word. */
  boolean inWord() {
    return end > starts[size];
  }

  /** Counts the word being read, if there is one. */
  void endWord() {
    if (!inWord()) {
      return;
    }
    int start = starts[size];
    int slot = (hash ^ hash >>> 15) & (slots.length - 1);
    while (slots[slot] != 0) {
      int word = slots[slot] - 1;
      if (hashes[word] == hash
          && Arrays.equals(bytes, starts[word], starts[word + 1], bytes, start, end)) {
        counts[word]++;
        end = start;
        hash = HASH_START;
        return;
      }
      slot = (slot + 1) & (slots.length - 1);
    }
    slots[slot] = size + 1;
    hashes[size] = hash;
    counts[size] = 1;
    size++;
    starts[size] = end;
    hash = HASH_START;
    if (size == counts.length) {
      grow();
    }
  }

  /** Whether the words should be taken out before more text is fed. */
  boolean isFull() {
    return size > 0 && (size >= maxWords || end >= maxBytes);
  }

  /** How many distinct words are counted. */
  int size() {
    return size;
  }

  /** The text of a word; bytes that are not UTF-8 read as U+FFFD. */
  String word(int number) {
    int start = starts[number];
    return new String(bytes, start, starts[number + 1] - start, StandardCharsets.UTF_8);
  }

  /** How often a word appeared. */
  long count(int number) {
    return counts[number];
  }

  /** Forgets all counted words, but not the word being read. */
  void clear() {
    int open = end - starts[size];
    System.arraycopy(bytes, starts[size], bytes, 0, open);
    end = open;
    size = 0;
    starts[0] = 0;
    Arrays.fill(slots, 0);
  }

  private void reserve(int more) {
    long needed = (long) end + more;
    if (needed > MAX_ARRAY) {
      throw new IllegalStateException("a word is longer than 2 GiB");
    }
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(MAX_ARRAY, Math.max(needed, 2L * bytes.length)));
    }
  }

  private void grow() {
    int capacity = 2 * counts.length;
    starts = Arrays.copyOf(starts, capacity + 1);
    hashes = Arrays.copyOf(hashes, capacity);
    counts = Arrays.copyOf(counts, capacity);
    slots = new int[2 * capacity];
    for (int word = 0; word < size; word++) {
      int slot = (hashes[word] ^ hashes[word] >>> 15) & (slots.length - 1);
      while (slots[slot] != 0) {
        slot = (slot + 1) & (slots.length - 1);
      }
      slots[slot] = word + 1;
    }
  }
}
