using System.Text.RegularExpressions;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Web;

/// <summary>How devices come in.</summary>
/// <param name="Possible">False for a fleet without an authority.</param>
/// <param name="Open">Codes that still let somebody in.</param>
/// <param name="Certificates">Good ones, the newest first.</param>
internal sealed record EnrolmentState(bool Possible, IReadOnlyList<TokenView> Open, IReadOnlyList<CertificateView> Certificates, IReadOnlyList<RefusedDevice> Refused);

/// <summary>Somebody who asked to be let in and was not.</summary>
/// <param name="Device">Where the refusal names one, whose asker held the code's secret.</param>
/// <param name="Known">The fleet has a certificate of that device, so that it could be let in again.</param>
internal sealed partial record RefusedDevice(AuditEntry Entry, string? Device, bool Known)
{
    /// <param name="known">Devices with a good certificate.</param>
    public static RefusedDevice Of(AuditEntry entry, IReadOnlySet<string> known) =>
        Named().Match(entry.Detail) is { Success: true } found ? new RefusedDevice(entry, found.Groups[1].Value, known.Contains(found.Groups[1].Value)) : new RefusedDevice(entry, null, false);

    // As EnrolmentDesk writes it of an asker who has proven to hold the code.
    [GeneratedRegex("^from [^ ]+: device ([A-Za-z0-9][A-Za-z0-9._-]*): ")]
    private static partial Regex Named();
}
