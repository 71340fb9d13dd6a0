using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Access;

/// <summary>Takes certificates back, and lets known devices be enrolled once more.</summary>
internal sealed class RevocationDesk(FleetAuthority authority, CertificateStore certificates, Audit audit, TimeProvider time)
{
    /// <returns>All certificates of the device as they are then, and how many were taken back.</returns>
    public async Task<(CertificateView[] Certificates, int Revoked)> RevokeAsync(DeviceId device, RevocationRequest asked, CancellationToken cancel)
    {
        await authority.FindIssuedAsync(cancel);
        var revoked = await certificates.WriteAsync(connection => CertificateStore.Revoke(connection, device, asked.Serial, asked.Reason, time.GetUtcNow()), cancel);
        if (revoked > 0)
        {
            await audit.RecordAsync(asked.By, "device.revoked", device.Value, $"{(asked.Serial is null ? $"{revoked} certificates" : $"certificate {asked.Serial}")}: {asked.Reason}", cancel);
            await authority.PublishRevocationsAsync(cancel);
        }
        return (await certificates.ListAsync(device, cancel), revoked);
    }

    public async Task<DeviceNotice> ReleaseAsync(DeviceId device, ReleaseRequest asked, CancellationToken cancel)
    {
        var until = time.GetUtcNow().AddHours(asked.Hours);
        await certificates.WriteAsync(connection =>
        {
            CertificateStore.Release(connection, device, until);
            return 0;
        }, cancel);
        await audit.RecordAsync(asked.By, "device.released", device.Value, $"until {until:u}: {asked.Reason}", cancel);
        return new DeviceNotice(device, $"{device} may be enrolled once more until {until:u}, by any token that covers it. Its former certificates are revoked then.");
    }
}
