import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.InMemoryDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.KSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs11SignatureToken;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Signs one PDF again and again with a key that stays on the token, by PAdES B-B.
 *
 * Arguments: module, slot, label of the key, threads, document, and where the first signed file goes. The PIN is in the
 * environment (PIN). Says "ready"; then, for each line with a number of seconds, how many were signed in a second.
 */
public final class Peer {
    public static void main(String[] arguments) throws Exception {
        int slot = Integer.parseInt(arguments[1]);
        String label = arguments[2];
        int threads = Integer.parseInt(arguments[3]);
        byte[] document = new FileDocument(arguments[4]).openStream().readAllBytes();
        Path first = Path.of(arguments[5]);
        KeyStore.PasswordProtection pin =
            new KeyStore.PasswordProtection(System.getenv("PIN").toCharArray());
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try (Pkcs11SignatureToken token = new Pkcs11SignatureToken(arguments[0], pin, slot)) {
            DSSPrivateKeyEntry key = find(token, label);
            System.out.println("ready");
            BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                long time = (long) (Double.parseDouble(line) * 1e9);
                long begun = System.nanoTime();
                List<Future<Integer>> running = new ArrayList<>();
                for (int thread = 0; thread < threads; thread++) {
                    running.add(pool.submit(() -> sign(token, key, document, begun + time, first)));
                }
                int signed = 0;
                for (Future<Integer> one : running) {
                    signed += one.get();
                }
                System.out.println(signed / ((System.nanoTime() - begun) / 1e9));
            }
        } finally {
            pool.shutdown();
        }
    }

    private static DSSPrivateKeyEntry find(Pkcs11SignatureToken token, String label) {
        for (DSSPrivateKeyEntry key : token.getKeys()) {
            if (key instanceof KSPrivateKeyEntry entry && entry.getAlias().equals(label)) {
                return key;
            }
        }
        throw new IllegalArgumentException("the token has no key " + label);
    }

    private static int sign(
        Pkcs11SignatureToken token, DSSPrivateKeyEntry key, byte[] document, long until, Path first
    ) throws Exception {
        PAdESService service = new PAdESService(new CommonCertificateVerifier());
        int signed = 0;
        while (System.nanoTime() < until) {
            DSSDocument unsigned = new InMemoryDocument(document, "document.pdf");
            PAdESSignatureParameters parameters = new PAdESSignatureParameters();
            parameters.setSignatureLevel(SignatureLevel.PAdES_BASELINE_B);
            parameters.setDigestAlgorithm(DigestAlgorithm.SHA256);
            parameters.setSigningCertificate(key.getCertificate());
            parameters.setCertificateChain(key.getCertificateChain());
            SignatureValue value = token.sign(
                service.getDataToSign(unsigned, parameters), DigestAlgorithm.SHA256, key
            );
            DSSDocument done = service.signDocument(unsigned, parameters, value);
            signed++;
            if (signed == 1) {
                Files.write(first, done.openStream().readAllBytes());
            }
        }
        return signed;
    }
}
