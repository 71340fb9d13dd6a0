using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Access;

/// <summary>Takes certificates back, and lets known devices be enrolled once more.</summary>
internal sealed class RevocationDesk(FleetAuthority authority, CertificateStore certificates, TimeProvider time)
{
    /// <returns>All certificates of the device as they are then, and how many were taken back.</returns>
    public async Task<(CertificateView[] Certificates, int Revoked)> RevokeAsync(DeviceId device, RevocationRequest asked, CancellationToken cancel)
    {
        await authority.FindIssuedAsync(cancel);
        var revoked = await certificates.WriteAsync(connection =>
        {
            var now = time.GetUtcNow();
            var count = CertificateStore.Revoke(connection, device, asked.Serial, asked.Reason, now);
            if (count > 0) Audit.Add(connection, now, asked.By, "device.revoked", device.Value, $"{(asked.Serial is null ? $"{count} certificates" : $"certificate {asked.Serial}")}: {asked.Reason}");
            return count;
        }, cancel);
        // Whoever asked may hang up now: what is revoked has to be in the list.
        if (revoked > 0) await authority.PublishRevocationsAsync(CancellationToken.None);
        return (await certificates.ListAsync(device, cancel), revoked);
    }

    public async Task<DeviceNotice> ReleaseAsync(DeviceId device, ReleaseRequest asked, CancellationToken cancel)
    {
        var until = time.GetUtcNow().AddHours(asked.Hours);
        await certificates.WriteAsync(connection =>
        {
            CertificateStore.Release(connection, device, until);
            return Audit.Add(connection, time.GetUtcNow(), asked.By, "device.released", device.Value, $"until {until:u}: {asked.Reason}");
        }, cancel);
        return new DeviceNotice(device, $"{device} may be enrolled once more until {until:u}, by any token that covers it. Its former certificates are revoked then.");
    }
}
