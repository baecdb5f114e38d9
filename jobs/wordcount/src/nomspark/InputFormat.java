package nomspark;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What a file is, by its first bytes: words are counted in text alone, and the bytes of anything
 * else would count as words.
 */
final class InputFormat {
  /** How many of the first bytes tell: a tar archive has its name behind 257 of them. */
  static final int HEAD_BYTES = 512;

  private static final List<Signature> NOT_TEXT =
      List.of(
          signature(0, "PK\u0003\u0004", "a zip archive"),
          signature(0, "PK\u0005\u0006", "a zip archive"),
          signature(257, "ustar", "a tar archive"),
          signature(0, "7z\u00bc\u00af'\u001c", "a 7z archive"),
          signature(0, "Rar!\u001a\u0007", "a RAR archive"),
          signature(0, "\u00fd7zXZ\0", "compressed (xz)"),
          signature(0, "\u0028\u00b5\u002f\u00fd", "compressed (zstd)"),
          signature(0, "\u0004\"\u004d\u0018", "compressed (LZ4)"),
          signature(0, "\u00ff\u0006\0\0sNaPpY", "compressed (Snappy)"),
          signature(0, "\u0089LZO\0", "compressed (LZO)"),
          signature(0, "LZIP\u0001", "compressed (lzip)"),
          signature(0, "]\0\0", "compressed (LZMA)"),
          signature(0, "\u001f\u009d", "compressed (.Z)"),
          signature(0, "PAR1\u0015", "Parquet"),
          signature(0, "Obj\u0001", "Avro"),
          signature(0, "SEQ\u0006", "a Hadoop SequenceFile"),
          signature(0, "%PDF-", "PDF"),
          signature(
              0, "\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1", "a document of Microsoft Office"),
          signature(0, "\u0089PNG", "an image (PNG)"),
          signature(0, "\u00ff\u00d8\u00ff", "an image (JPEG)"),
          signature(0, "\u00ff\u00fe\0\0", "UTF-32"),
          signature(0, "\0\0\u00fe\u00ff", "UTF-32"),
          signature(0, "\u00ff\u00fe", "UTF-16"),
          signature(0, "\u00fe\u00ff", "UTF-16"));

  private static final List<Signature> COMPRESSED =
      List.of(
          signature(0, "\u001f\u008b\b", "gzip"),
          signature(4, "1AY&SY", "bzip2"),
          signature(4, "\u0017rE8P\u0090", "bzip2"));

  private record Signature(int offset, byte[] bytes, String format) {
    boolean begins(byte[] head) {
      if (head.length < offset + bytes.length) {
        return false;
      }
      for (int i = 0; i < bytes.length; i++) {
        if (head[offset + i] != bytes[i]) {
          return false;
        }
      }
      return true;
    }
  }

  private InputFormat() {}

  /** gzip or bzip2, or null for everything else. */
  static String compression(byte[] head) {
    for (Signature signature : COMPRESSED) {
      boolean named = !signature.format.equals("bzip2") || isBzip2(head);
      if (named && signature.begins(head)) {
        return signature.format;
      }
    }
    return null;
  }

  /** What else than text a file is, or null for what can be counted, which is compressed or not. */
  static String notText(byte[] head) {
    for (Signature signature : NOT_TEXT) {
      if (signature.begins(head)) {
        return signature.format;
      }
    }
    if (everyOther(head, 0) || everyOther(head, 1)) {
      return "UTF-16";
    }
    if (compression(head) == null && hasManyNuls(head)) {
      return "binary data, with many NUL bytes";
    }
    return null;
  }

  /** Whether a text begins with the byte order mark of UTF-8, which is no part of its first word. */
  static boolean hasMark(byte[] head) {
    return head.length >= 3
        && head[0] == (byte) 0xef
        && head[1] == (byte) 0xbb
        && head[2] == (byte) 0xbf;
  }

  /** Whether every fourth byte or more is zero, as in programs and databases. A text may have some. */
  private static boolean hasManyNuls(byte[] head) {
    int nuls = 0;
    for (byte one : head) {
      if (one == 0) {
        nuls++;
      }
    }
    return nuls > 0 && nuls * 4 >= head.length;
  }

  private static boolean isBzip2(byte[] head) {
    return head.length >= 3 && head[0] == 'B' && head[1] == 'Z' && head[2] == 'h';
  }

  /**
   * Whether one byte of each pair is the higher one of a character below U+2000 in UTF-16 without a
   * mark, and the other is not zero. Tabs and line ends are no such bytes.
   */
  private static boolean everyOther(byte[] head, int high) {
    if (head.length < 8) {
      return false;
    }
    for (int i = 0; i + 1 < head.length; i += 2) {
      if (!isHigh(head[i + high]) || head[i + 1 - high] == 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean isHigh(byte one) {
    return one >= 0 && one < 0x20 && one != '\t' && one != '\n' && one != '\r';
  }

  /** The bytes are those of the characters in Latin-1. */
  private static Signature signature(int offset, String bytes, String format) {
    return new Signature(offset, bytes.getBytes(StandardCharsets.ISO_8859_1), format);
  }
}
