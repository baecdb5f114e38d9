//! What can go wrong between nomspark and the servers, played by a fake that says what each test wants.
//!
//! | file | plays |
//! |---|---|
//! | `client` | answers of all kinds, at the level of the client |
//! | `lines` | lines of the event stream, whatever is in them |
//! | `tls` | certificates, right and wrong |
//! | `stream` | the event stream, which closes, stalls, repeats and goes back |
//! | `program` | the program itself: exit codes, messages, secrets |
//! | `results` | a run of WordCount that waits for a master, a verdict, a result |

mod client;
mod lines;
mod program;
mod results;
mod stream;
mod tls;
