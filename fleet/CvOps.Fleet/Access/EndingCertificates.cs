using CvOps.Contracts.Api;
using CvOps.Fleet.Devices;

namespace CvOps.Fleet.Access;

/// <summary>Devices that did not renew in time, while they can still be helped without a way to the machine; and for a while after.</summary>
internal sealed class EndingCertificates(CertificateStore certificates, TimeProvider time) : IOverviewSource
{
    private static readonly TimeSpan Before = TimeSpan.FromDays(14);
    private static readonly TimeSpan After = TimeSpan.FromDays(14);

    public async ValueTask<OverviewPart> ReadAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var ending = await certificates.EndingAsync(now - After, now + Before, cancel);
        return new OverviewPart(NeedsAttention: [.. ending.Select(it => it.End > now
            ? new Attention("warning", $"The certificate of {it.Device} ends at {it.End:u} and was not renewed: the journal of its agent says why.", $"/devices/{it.Device}", now)
            : new Attention("error", $"The certificate of {it.Device} has ended: enrol it again (cvops device release {it.Device}, then cvops-agent enroll).", $"/devices/{it.Device}", it.End))]);
    }
}
