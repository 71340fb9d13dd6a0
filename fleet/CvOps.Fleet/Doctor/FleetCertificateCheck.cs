using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts.Doctor;
using CvOps.Contracts.Identity;
using CvOps.Fleet.Access;

namespace CvOps.Fleet.Doctor;

/// <summary>Certificates: the fleet's own, its authority's, and those of devices that end soon.</summary>
internal sealed class FleetCertificateCheck(CertificateStore certificates, FleetOptions options, TimeProvider time)
{
    private const string Check = "certificate";
    private const string Devices = "devices' certificates";
    private const int Shown = 5;

    private static readonly TimeSpan Ahead = TimeSpan.FromDays(14);

    public async Task RunAsync(List<DoctorFinding> findings, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        if (options is { Certificate: { } file, Key: { } key })
            Look(file, () => X509Certificate2.CreateFromPemFile(file, key), Check, $"Issue another and replace {file} and {key}; the fleet reads them at its next connect.");
        if (options is { IsHttps: true, HttpCertificate: { } shown, HttpKey: { } shownKey })
            Look(shown, () => X509Certificate2.CreateFromPemFile(shown, shownKey), "https", $"Issue another and replace {shown} and {shownKey}; the fleet shows it within seconds.");
        if (options.Ca is { } ca)
            Look(ca, () => X509CertificateLoader.LoadCertificateFromFile(ca), "authority", "Make a new authority and enrol devices and broker anew: its certificates end with it.");

        var ending = await certificates.EndingAsync(now - Ahead, now + Ahead, cancel);
        if (ending.Length == 0) findings.Add(DoctorFinding.Ok(Devices, string.Create(CultureInfo.InvariantCulture, $"none ends within {Ahead.TotalDays:0} days")));
        else
            findings.Add(DoctorFinding.Warn(Devices, $"{ending.Length} {(ending.Length == 1 ? "ends" : "end")} soon or have ended: {string.Join(", ", ending.Take(Shown).Select(one => $"{one.Device} {one.End.UtcDateTime:u}"))}{(ending.Length > Shown ? ", ..." : "")}",
                "Devices renew by themselves: read the agent's journal where one did not, then 'cvops device release DEVICE' here and 'cvops-agent enroll' there."));

        void Look(string path, Func<X509Certificate2> read, string check, string renew)
        {
            try
            {
                using var one = read();
                findings.Add(DoctorRules.Certificate(check, $"'{IssuedIdentity.NameOf(one)}' in {path}", one.NotBefore.ToUniversalTime(), one.NotAfter.ToUniversalTime(), now, renew));
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
            {
                findings.Add(DoctorFinding.Fail(check, $"{path} can't be used: {e.Message.TrimEnd('.')}", renew));
            }
        }
    }
}
