using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Storage.Backup;
using CvOps.Observability.Metrics;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Observability.Gauges;

/// <summary>The program itself: broker, disk, certificates, backup, silo.</summary>
internal sealed class ProgramGauges : IFleetGauges, IDisposable
{
    private const string SiloMeter = "Microsoft.Orleans";
    private const string Activations = "orleans-catalog-activations";

    private readonly FleetLink _link;
    private readonly MqttIngest _ingest;
    private readonly FleetOptions _options;
    private readonly TimeProvider _time;
    private readonly long _begun;
    private readonly MeterListener _silo = new();
    private long _grains;

    public ProgramGauges(FleetLink link, MqttIngest ingest, IOptions<FleetOptions> options, TimeProvider time)
    {
        (_link, _ingest, _options, _time, _begun) = (link, ingest, options.Value, time, time.GetTimestamp());
        _silo.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: SiloMeter, Name: Activations }) listener.EnableMeasurementEvents(instrument);
        };
        // The original counts ints, and adds one up for each kind of directory.
        _silo.SetMeasurementEventCallback<int>((_, value, _, _) => _grains += value);
        _silo.SetMeasurementEventCallback<long>((_, value, _, _) => _grains += value);
        _silo.Start();
    }

    public ValueTask WriteAsync(MetricPage page, CancellationToken cancel)
    {
        page.Add(FleetMetrics.Info, 1, ObservabilityServices.Version).Add(FleetMetrics.Uptime, _time.GetElapsedTime(_begun).TotalSeconds).Add(FleetMetrics.Resident, Environment.WorkingSet)
            .Add(FleetMetrics.CpuSeconds, Environment.CpuUsage.TotalTime.TotalSeconds).Add(FleetMetrics.BrokerConnected, _link.IsConnected ? 1 : 0).Add(FleetMetrics.IngestHeld, _ingest.Held);
        _grains = 0;
        _silo.RecordObservableInstruments();
        page.Add(FleetMetrics.Grains, _grains);
        var now = _time.GetUtcNow();
        Certificate(page, "fleet", _options.Certificate, now);
        Certificate(page, "authority", _options.Ca, now);
        page.Declare(FleetMetrics.BackupAge).Declare(FleetMetrics.BackupBytes);
        if (BackupRecord.Read(_options.Data) is { } backup) page.Add(FleetMetrics.BackupAge, Math.Max(0, (now - backup.At).TotalSeconds)).Add(FleetMetrics.BackupBytes, backup.Bytes);
        var disk = new DriveInfo(Path.GetFullPath(_options.Data));
        page.Add(FleetMetrics.DiskFree, disk.AvailableFreeSpace).Add(FleetMetrics.DiskSize, disk.TotalSize);
        return ValueTask.CompletedTask;
    }

    public void Dispose() => _silo.Dispose();

    private static void Certificate(MetricPage page, string name, string? path, DateTimeOffset now)
    {
        if (path is null) return;
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(path));
            page.Add(FleetMetrics.CertificateLeft, (certificate.NotAfter.ToUniversalTime() - now.UtcDateTime).TotalSeconds, name);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            // Being replaced at this moment; the next look finds it.
        }
    }
}
