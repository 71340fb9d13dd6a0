using CvOps.Contracts.Doctor;
using CvOps.Fleet.Access;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Doctor;

/// <summary>Looks at everything this fleet needs, and says how to mend what is broken. One look at a time: it writes to the disk and runs a model.</summary>
internal sealed class FleetDoctor(
    Database database, FleetLink link, CertificateStore certificates, ModelRegistry models, LostPackages packages, IOptions<FleetOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>Who asks again so soon is told the same.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    private const long Megabyte = 1_000_000;
    private const long LeastFree = 500 * Megabyte;

    private readonly SemaphoreSlim _looking = new(1, 1);
    private DoctorReport? _last;

    public async Task<DoctorReport> LookAsync(CancellationToken cancel)
    {
        await _looking.WaitAsync(cancel);
        try
        {
            if (_last is { } last && time.GetUtcNow() - last.At < Fresh) return last;
            var findings = new List<DoctorFinding>();
            await new BrokerCheck(link, options.Value, time).RunAsync(findings, cancel);
            await new FleetCertificateCheck(certificates, options.Value, time).RunAsync(findings, cancel);
            findings.Add(DoctorRules.Clock("fleet's clock", KernelClock.IsSynchronised()));
            findings.Add(Disk());
            await new DatabaseCheck(database, options.Value).RunAsync(findings, cancel);
            await new RegistryCheck(models, packages, options.Value).RunAsync(findings, cancel);
            return _last = new DoctorReport(time.GetUtcNow(), findings);
        }
        finally
        {
            _looking.Release();
        }
    }

    public void Dispose() => _looking.Dispose();

    private DoctorFinding Disk()
    {
        var disk = DiskProbe.Try(options.Value.Data);
        return DoctorRules.Disk("fleet's disk", disk, LeastFree, Math.Max(LeastFree, disk.Total / 10), $"Make room under {disk.Folder}, keep fewer inspections (Fleet__InspectionsKept), or move the data to a larger disk and name it with --data.");
    }
}
