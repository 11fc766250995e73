import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;

/**
 * Validates many signed files in one run of the virtual machine, without the network.
 *
 * <p>Each line of standard input is one file: the trust anchor (PEM), the moment to validate at (RFC 3339), the
 * signed file and, for a detached signature, the original, with tabs between them. Each answer is one line of JSON:
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
                answer = judge(line.split("\t"));
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
        DSSDocument signed = new FileDocument(fields[2]);
        SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(signed);
        if (fields.length > 3) {
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
