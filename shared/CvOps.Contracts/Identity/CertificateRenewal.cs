namespace CvOps.Contracts.Identity;

/// <summary>A device asks for the certificate that follows the one it has. Topic <c>identity/request</c>, QoS 1.</summary>
/// <param name="Request">PKCS #10 (PEM) for a new key, signed by that key; the subject is the device's id.</param>
/// <param name="Certificate">The one it has (PEM).</param>
/// <param name="Signature">By the key it has over <see cref="EnrolmentProof.ForRenewal"/>, so that whoever only sits at the broker gets nothing.</param>
public sealed record CertificateRenewal(string Request, string Certificate, byte[] Signature);

/// <summary>The fleet's answer. Topic <c>identity/certificate</c>, QoS 1, never retained.</summary>
/// <param name="Certificate">PEM, for the key of the request; null when there is none.</param>
/// <param name="Problem">Why there is none, in a sentence.</param>
public sealed record CertificateAnswer(string? Certificate, string? Problem);
