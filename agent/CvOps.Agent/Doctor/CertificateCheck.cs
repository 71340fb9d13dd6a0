using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Agent.Configuration;
using CvOps.Agent.Enrolment;
using CvOps.Contracts.Doctor;
using CvOps.Contracts.Identity;

namespace CvOps.Agent.Doctor;

/// <summary>This device's certificate, its key, and the authority it believes.</summary>
internal static class CertificateCheck
{
    private const string Check = "certificate";
    private const string Enrol = "Enrol the device again: 'cvops device release DEVICE' at the fleet, then 'cvops-agent enroll --fleet URL --token TOKEN --again' here.";

    public static void Run(AgentOptions options, string path, DateTimeOffset now, List<DoctorFinding> findings)
    {
        if (options.Link is not { Iothub: null, Certificate: { Length: > 0 } file, Key: { Length: > 0 } key, Ca: { Length: > 0 } authority }) return;
        try
        {
            using var own = X509Certificate2.CreateFromPemFile(file, key);
            var until = own.NotAfter.ToUniversalTime();
            var renewal = RenewalRule.At(own.NotBefore.ToUniversalTime(), until);
            var finding = DoctorRules.Certificate(Check, $"'{IssuedIdentity.NameOf(own)}' in {file}", own.NotBefore.ToUniversalTime(), until, now, Enrol);
            findings.Add(finding.Level == CheckLevel.Ok && now > renewal
                ? DoctorFinding.Warn(Check, $"{finding.Found}; it should have been renewed since {renewal.UtcDateTime:u}", "See why the agent could not renew it: journalctl -u cvops-agent | grep -i certificate.")
                : finding);
            if (IssuedIdentity.NameOf(own) is var name && name != options.Device.Value)
                findings.Add(DoctorFinding.Fail(Check, $"{file} is the certificate of '{name}', and {path} says device: {options.Device}", $"Write device: {name} into {path}, or enrol this device under its own name: cvops-agent enroll."));
            using var ca = X509CertificateLoader.LoadCertificateFromFile(authority);
            findings.Add(DoctorRules.Certificate("authority", $"'{ca.Subject}' in {authority}", ca.NotBefore.ToUniversalTime(), ca.NotAfter.ToUniversalTime(), now, $"Bring the fleet's new ca.pem and name it in link: ca of {path}."));
            if (finding.Level != CheckLevel.Fail && IssuedIdentity.Problem(own, ca, now) is { } problem) findings.Add(DoctorFinding.Fail(Check, problem.TrimEnd('.'), Enrol));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            findings.Add(DoctorFinding.Fail(Check, $"{file}, {key} and {authority} do not go together: {e.Message.TrimEnd('.')}", Enrol));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            findings.Add(DoctorFinding.Fail(Check, e.Message.TrimEnd('.'), $"Let the agent's user read the files that link: in {path} names: chown cvops {file} {key}."));
        }
    }
}
