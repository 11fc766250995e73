import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.CRLSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.CRLToken;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;

/**
 * Validates many signed files in one run of the virtual machine, without the network.
 *
 * <p>Each line of standard input is one file, in fields with tabs between them: the trust anchor (PEM), the moment to
 * validate at (RFC 3339), the signed file, the original of a detached signature or nothing, and any number of
 * certificate revocation lists (DER). Each answer is one line of JSON:
 * {@code {"signatures":[{"format":…,"indication":…,"subIndication":…,"intact":…,"valid":…,"errors":[…]}]}}, or
 * {@code {"failure":…}} when the file could not be read as signed at all.
 */
public class Judge {
    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String answer;
            try {
                answer = judge(line.split("\t", -1));
            } catch (Exception failure) {
                answer = "{\"failure\":" + quoted(failure.toString()) + "}";
            }
            answers.println(answer);
        }
    }

    private static String judge(String[] fields) {
        CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
        anchors.addCertificate(DSSUtils.loadCertificate(new File(fields[0])));
        CommonCertificateVerifier verifier = new CommonCertificateVerifier();
        verifier.setTrustedCertSources(anchors);
        verifier.setAIASource(null);
        verifier.setCrlSource(lists(Arrays.copyOfRange(fields, 4, fields.length)));
        DSSDocument signed = new FileDocument(fields[2]);
        SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(signed);
        if (!fields[3].isEmpty()) {
            validator.setDetachedContents(List.of(new FileDocument(fields[3])));
        }
        validator.setCertificateVerifier(verifier);
        validator.setValidationTime(Date.from(Instant.parse(fields[1])));
        Reports reports = validator.validateDocument();
        SimpleReport simple = reports.getSimpleReport();
        DiagnosticData diagnostic = reports.getDiagnosticData();
        List<String> signatures = new ArrayList<>();
        for (String id : simple.getSignatureIdList()) {
            SignatureWrapper signature = diagnostic.getSignatureById(id);
            List<String> errors = new ArrayList<>();
            simple.getAdESValidationErrors(id).forEach(message -> errors.add(quoted(message.getValue())));
            signatures.add("{\"format\":" + quoted(String.valueOf(simple.getSignatureFormat(id)))
                    + ",\"indication\":" + quoted(String.valueOf(simple.getIndication(id)))
                    + ",\"subIndication\":" + quoted(String.valueOf(simple.getSubIndication(id)))
                    + ",\"intact\":" + signature.isSignatureIntact()
                    + ",\"valid\":" + signature.isSignatureValid()
                    + ",\"errors\":[" + String.join(",", errors) + "]}");
        }
        return "{\"signatures\":[" + String.join(",", signatures) + "]}";
    }

    /** Looks revocation lists up among these, as if they had been fetched. */
    private static CRLSource lists(String[] files) {
        DSSDocument[] documents = Arrays.stream(files).map(FileDocument::new).toArray(DSSDocument[]::new);
        ExternalResourcesCRLSource known = new ExternalResourcesCRLSource(documents);
        return (certificate, issuer) -> known.getRevocationTokens(certificate, issuer).stream()
                .map(CRLToken.class::cast)
                .findFirst()
                .orElse(null);
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        text.codePoints().forEach(point -> {
            if (point == '"' || point == '\\') {
                json.append('\\').appendCodePoint(point);
            } else if (point < ' ') {
                json.append(String.format("\\u%04x", point));
            } else {
                json.appendCodePoint(point);
            }
        });
        return json.append('"').toString();
    }
}
