package nomspark;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/** The text of an uploaded file: gzip and bzip2 are decompressed, by the codecs with which Hadoop reads such files. */
final class Decompression {
  private static final int BUFFER_BYTES = 256 << 10;

  private Decompression() {}

  /** The file itself where it is text, or its decompressed text beside it; anything else is refused. */
  static File text(File file, Configuration conf) throws ExitException, IOException {
    byte[] head = head(file);
    String compression = InputFormat.compression(head);
    if (compression == null) {
      refuse(Head.inWords(head, ""));
      return file;
    }
    CompressionCodec codec = new CompressionCodecFactory(conf).getCodecByName(compression);
    File text = new File(file.getPath() + ".txt");
    try (InputStream input =
            codec.createInputStream(new BufferedInputStream(new FileInputStream(file), BUFFER_BYTES));
        OutputStream output = new BufferedOutputStream(new FileOutputStream(text), BUFFER_BYTES)) {
      input.transferTo(output);
    } catch (IOException e) {
      if (text.getUsableSpace() == 0) {
        throw e;
      }
      throw new ExitException(
          ExitException.NO_INPUT,
          "the input cannot be decompressed (" + compression + "): " + e.getMessage()
              + "; it may be cut short");
    }
    byte[] decompressed = head(text);
    refuse(Head.inWords(decompressed, "decompressed "));
    return text;
  }

  private static void refuse(String problem) throws ExitException {
    if (problem != null) {
      throw new ExitException(ExitException.NO_INPUT, "the input " + problem);
    }
  }

  private static byte[] head(File file) throws IOException {
    try (InputStream input = new FileInputStream(file)) {
      return input.readNBytes(InputFormat.HEAD_BYTES);
    }
  }
}
