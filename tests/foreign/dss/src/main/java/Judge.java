import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.PDFRevisionWrapper;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.diagnostic.jaxb.XmlCommitmentTypeIndication;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.client.http.MemoryDataLoader;
import eu.europa.esig.dss.spi.policy.SignaturePolicyProvider;
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
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Validates many signed files in one run of the virtual machine, without the network.
 *
 * <p>Each line of standard input is one file, in fields with tabs between them: the trust anchor (PEM), the moment to
 * validate at (RFC 3339), the signed file, the original of a detached signature or nothing, the text of a signature
 * policy as {@code OID=file} or nothing, and any number of certificate revocation lists (DER). Each answer is one line
 * of JSON:
 * {@code {"signatures":[{"format":…,"indication":…,"subIndication":…,"intact":…,"valid":…,"errors":[…],"says":{…}}]}},
 * where {@code says} holds what the signer chose to say, as far as it is there; or {@code {"failure":…}} when the file
 * could not be read as signed at all.
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
        verifier.setCrlSource(lists(Arrays.copyOfRange(fields, 5, fields.length)));
        DSSDocument signed = new FileDocument(fields[2]);
        SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(signed);
        if (!fields[3].isEmpty()) {
            validator.setDetachedContents(List.of(new FileDocument(fields[3])));
        }
        validator.setCertificateVerifier(verifier);
        validator.setSignaturePolicyProvider(policies(fields[4]));
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
                    + ",\"errors\":[" + String.join(",", errors) + "]"
                    + ",\"says\":" + says(signature) + "}");
        }
        return "{\"signatures\":[" + String.join(",", signatures) + "]}";
    }

    /** What the signer chose to say. */
    private static String says(SignatureWrapper signature) {
        Map<String, String> words = new TreeMap<>();
        words.put("digest", String.valueOf(signature.getDigestAlgorithm()));
        words.put("encryption", String.valueOf(signature.getEncryptionAlgorithm()));
        words.put("mimeType", signature.getMimeType());
        words.put("country", signature.getCountryName());
        words.put("city", signature.getCity());
        words.put("postalAddress", joined(signature.getPostalAddress()));
        words.put("commitment", joined(signature.getCommitmentTypeIndications().stream()
                .map(XmlCommitmentTypeIndication::getIdentifier)
                .collect(Collectors.toList())));
        words.put("policy", signature.getPolicyId());
        words.put("policyUrl", signature.getPolicyUrl());
        if (signature.isPolicyPresent()) {
            words.put("policyDigestValid", String.valueOf(signature.isPolicyDigestValid()));
        }
        PDFRevisionWrapper revision = signature.getPDFRevision();
        if (revision != null) {
            words.put("field", joined(revision.getSignatureFieldNames()));
            words.put("reason", revision.getReason());
            words.put("location", revision.getLocation());
            words.put("contact", revision.getContactInfo());
            words.put("name", revision.getSignerName());
        }
        return words.entrySet().stream()
                .filter(word -> word.getValue() != null && !word.getValue().isEmpty())
                .map(word -> quoted(word.getKey()) + ":" + quoted(word.getValue()))
                .collect(Collectors.joining(",", "{", "}"));
    }

    private static String joined(List<String> parts) {
        return parts == null ? null : String.join("; ", parts);
    }

    /** Knows the text of at most one policy; nothing is fetched. */
    private static SignaturePolicyProvider policies(String known) {
        SignaturePolicyProvider provider = new SignaturePolicyProvider();
        provider.setDataLoader(new MemoryDataLoader(Map.of()));
        if (!known.isEmpty()) {
            String[] parts = known.split("=", 2);
            provider.setSignaturePoliciesById(Map.of(parts[0], new FileDocument(parts[1])));
        }
        return provider;
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
