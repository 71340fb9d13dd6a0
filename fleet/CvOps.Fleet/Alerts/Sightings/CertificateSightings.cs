using System.Globalization;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Devices;

namespace CvOps.Fleet.Alerts.Sightings;

/// <summary>Certificates of devices that end soon, or have ended lately.</summary>
internal sealed class CertificateSightings(CertificateStore certificates, DeviceDirectory devices, TimeProvider time) : ISightingSource
{
    /// <summary>No rule is told of more.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromDays(60);

    private static readonly TimeSpan After = TimeSpan.FromDays(14);

    public IReadOnlyList<AlertSource> Sources { get; } = [AlertSource.CertificateEnding];

    public async ValueTask<IReadOnlyList<Sighting>> ReadAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var found = new List<Sighting>();
        foreach (var (id, end) in await certificates.EndingAsync(now - After, now + Ahead, cancel))
        {
            var days = (end - now).TotalDays;
            var labels = await devices.FindAsync(new DeviceId(id), cancel) is { } device ? DeviceSightings.LabelsOf(device) : new Dictionary<string, string> { ["device"] = id };
            found.Add(new Sighting(AlertSource.CertificateEnding, id, end > now
                ? string.Create(CultureInfo.InvariantCulture, $"The certificate of {id} ends at {end:u} and was not renewed: the journal of its agent says why.")
                : $"The certificate of {id} has ended: enrol it again (cvops device release {id}, then cvops-agent enroll).", $"/devices/{id}", now, labels, Math.Max(0, days)));
        }
        return found;
    }
}
