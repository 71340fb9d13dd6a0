using System.Data.Common;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Access;

/// <summary>
/// Gives a device the certificate that follows its own. The broker has let only the device write there; that it has the key of a certificate which
/// is good now it shows by a signature, so that a broker in wrong hands gets no certificate either.
/// </summary>
internal sealed class RenewalDesk(FleetAuthority authority, CertificateStore certificates, FleetLink link, Audit audit, TimeProvider time) : IFleetObserver
{
    /// <summary>Renewals of one device within a day; beyond, something is wrong with it.</summary>
    private const int MostADay = 5;

    private const string Origin = "renewal";

    /// <summary>Questions of one device within a minute; it asks again later by itself.</summary>
    private const int MostAMinute = 30;

    private const int LongestCertificate = 8192;

    private readonly AttemptLimit _refusals = new(10, time);
    private readonly AttemptLimit _questions = new(MostAMinute, time);

    public async ValueTask OnCertificateRequested(ParsedTopic topic, CertificateRenewal request, CancellationToken cancel)
    {
        if (_questions.Failed(topic.Device.Value) > MostAMinute) return;
        var (pem, problem, isNew) = await DecideAsync(topic.Device, request, cancel);
        if (problem is not null)
        {
            // A device that asks without end may not fill the log.
            if (_refusals.IsReached(topic.Device.Value)) return;
            _refusals.Failed(topic.Device.Value);
            await audit.RecordAsync("enrolment", "device.renewal.refused", topic.Device.Value, problem, cancel);
        }
        else if (isNew) await audit.RecordAsync("enrolment", "device.renewed", topic.Device.Value, "by its present certificate", cancel);
        var answer = JsonSerializer.SerializeToUtf8Bytes(new CertificateAnswer(pem, problem), ContractsJson.Default.CertificateAnswer);
        try
        {
            await link.PublishAsync(new Topics(topic.Site, topic.Device).Certificate, answer, retain: false, cancel);
        }
        catch (LinkDownException)
        {
            // The device asks again, and gets the same.
        }
    }

    private async Task<(string? Pem, string? Problem, bool IsNew)> DecideAsync(DeviceId device, CertificateRenewal asked, CancellationToken cancel)
    {
        if (asked.Certificate.Length > LongestCertificate) return (null, $"A certificate of {asked.Certificate.Length} characters is too long.", false);
        try
        {
            var request = DeviceRequest.Read(asked.Request);
            using var present = X509Certificate2.CreateFromPem(asked.Certificate);
            if (request.Device != device) return (null, $"It asks in the name of '{request.Device}'.", false);
            if (IssuedIdentity.NameOf(present) != device.Value) return (null, $"It shows the certificate of '{IssuedIdentity.NameOf(present)}'.", false);
            if (authority.Authority.Problem(present) is { } problem) return (null, problem, false);
            if (!EnrolmentProof.Holds(present.PublicKey.ExportSubjectPublicKeyInfo(), EnrolmentProof.ForRenewal(request.Der), asked.Signature)) return (null, "It has not the key of the certificate it shows.", false);
            if (present.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(request.Key.ExportSubjectPublicKeyInfo())) return (null, "It asks for the key it has; each certificate has a key of its own.", false);
            return await certificates.WriteAsync(connection => Issue(connection, request, present), cancel);
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return (null, e.Message, false);
        }
    }

    private (string? Pem, string? Problem, bool IsNew) Issue(DbConnection connection, DeviceRequest request, X509Certificate2 present)
    {
        var now = time.GetUtcNow();
        FleetAuthority.Adopt(connection, present);
        if (CertificateStore.IsRevoked(connection, present.SerialNumber)) return (null, $"Its certificate {present.SerialNumber} is revoked.", false);
        // The answer may have been lost.
        if (CertificateStore.Issued(connection, request.Device, request.KeyDigest, Origin) is { } issued) return (issued, null, false);
        if (CertificateStore.IssuedSince(connection, request.Device, Origin, now.AddDays(-1)) >= MostADay) return (null, $"It was given {MostADay} certificates within a day.", false);
        using var certificate = authority.Certify(request);
        CertificateStore.Add(connection, certificate, request.Device, request.KeyDigest, Origin, now);
        return (certificate.ExportCertificatePem(), null, true);
    }
}
