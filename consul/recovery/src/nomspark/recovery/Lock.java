package nomspark.recovery;

/**
 * The lock's key as Consul shows it.
 *
 * @param index Consul's index of its last change, 0 where there is no key
 * @param session the session that holds it, null where none does
 * @param released whether its last holder gave it back, or is known to be dead
 */
record Lock(long index, String session, boolean released) {
  /** Nobody has ever held it. */
  static final Lock NEVER_HELD = new Lock(0, null, true);

  /** Whether somebody with this session may take it without waiting for its last holder. */
  boolean isFreeFor(String mine) {
    return session == null ? released : session.equals(mine);
  }
}
