package nomspark;

import java.io.IOException;

/** A text that is counted piece by piece, so that a table can be emptied in between. */
interface WordSource {
  /** Feeds the next piece to the table; false if that was the last one. */
  boolean feed(WordTable table) throws IOException;
}
