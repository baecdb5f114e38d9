package nomspark.recovery;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** The certificates of the PEM files to which Consul's variables point. */
final class Tls {
  private static final char[] NO_PASSWORD = new char[0];

  private Tls() {}

  /**
   * What a connection needs.
   *
   * @throws IOException if a file cannot be read, or does not hold what it should
   */
  static SSLContext context(ConsulSettings settings) throws IOException {
    String authority = settings.get("CONSUL_CACERT");
    String certificate = settings.get("CONSUL_CLIENT_CERT");
    String key = settings.get("CONSUL_CLIENT_KEY");
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          certificate.isEmpty() ? null : keys(certificate, key),
          authority.isEmpty() ? null : trust(authority),
          null);
      return context;
    } catch (GeneralSecurityException error) {
      throw new IOException(
          "the certificates for Consul cannot be used (CONSUL_CACERT, CONSUL_CLIENT_CERT, CONSUL_CLIENT_KEY)",
          error);
    }
  }

  private static TrustManager[] trust(String authority) throws IOException, GeneralSecurityException {
    KeyStore store = emptyStore();
    int number = 0;
    for (Certificate certificate : certificates(authority)) {
      store.setCertificateEntry("authority-" + number++, certificate);
    }
    var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyManager[] keys(String certificate, String key) throws IOException, GeneralSecurityException {
    KeyStore store = emptyStore();
    store.setKeyEntry("client", key(key), NO_PASSWORD, certificates(certificate).toArray(new Certificate[0]));
    var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, NO_PASSWORD);
    return factory.getKeyManagers();
  }

  private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, NO_PASSWORD);
    return store;
  }

  private static List<Certificate> certificates(String file) throws IOException, GeneralSecurityException {
    try (InputStream text = Files.newInputStream(Path.of(file))) {
      return List.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(text));
    }
  }

  private static PrivateKey key(String file) throws IOException, GeneralSecurityException {
    String text = Files.readString(Path.of(file));
    if (!text.contains("BEGIN PRIVATE KEY")) {
      throw new GeneralSecurityException(
          file + " is not in PKCS #8: openssl pkcs8 -topk8 -nocrypt -in " + file + " writes it so");
    }
    byte[] bytes = Base64.getMimeDecoder().decode(text.replaceAll("-----[^-]+-----", ""));
    for (String algorithm : List.of("EC", "RSA", "Ed25519")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(bytes));
      } catch (InvalidKeySpecException another) {
        continue;
      }
    }
    throw new GeneralSecurityException(file + " holds neither an EC nor an RSA nor an Ed25519 key");
  }
}
