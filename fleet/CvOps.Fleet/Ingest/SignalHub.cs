using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Api;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Observability;

namespace CvOps.Fleet.Ingest;

/// <summary>Tells everybody what a durable batch said: observers in order, then whoever looks at a page.</summary>
internal sealed partial class SignalHub(IEnumerable<IFleetObserver> observers, FrameStore frames, DeviceCommands commands, Previews previews, FleetEvents events, IngestTraces traces, TimeProvider time, ILogger<SignalHub> log)
{
    private const int Tries = 3;

    /// <summary>A grain of a silo that died is somewhere else within seconds; the message waits for it, about a minute at most.</summary>
    private const int TriesWhileMoving = 24;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly IFleetObserver[] _observers = [.. observers];

    public async Task TellAsync(IReadOnlyList<Message> batch, CancellationToken cancel)
    {
        var devices = new Dictionary<DeviceId, List<Inspection>>();
        var letters = false;
        foreach (var message in batch)
        {
            letters |= message.Reason is not null;
            if (message is not { Topic.Device: var device, Body: { } body }) continue;
            if (!devices.TryGetValue(device, out var inspections)) devices.Add(device, inspections = []);
            if (body is Inspection inspection) inspections.Add(inspection);
        }
        foreach (var (device, inspections) in devices)
            if (inspections.Count > 0) await EachAsync(observer => observer.OnInspections(device, inspections, cancel), cancel);
        foreach (var message in batch)
        {
            if (message is not { Topic: { } topic, Body: { } body }) continue;
            switch (body)
            {
                case DriftWindow window:
                    using (traces.Begin("tell drift", window.Trace)) await EachAsync(observer => observer.OnDriftWindow(window, cancel), cancel);
                    break;
                case TwinReported reported:
                    await EachAsync(observer => observer.OnTwinReported(topic.Device, reported, cancel), cancel);
                    break;
                case SampledFrame { IsPreview: true } shown:
                    previews.Take(topic.Device, shown);
                    break;
                case SampledFrame sampled when await StoredAsync(() => frames.FindAsync(sampled.FrameId, cancel), cancel) is { } frame:
                    events.Publish("frame", frame.Id);
                    break;
                case CertificateRenewal renewal:
                    await EachAsync(observer => observer.OnCertificateRequested(topic, renewal, cancel), cancel);
                    break;
                case CommandResponse response:
                    await StoredAsync(async () =>
                    {
                        await commands.CompleteAsync(response, cancel);
                        return true;
                    }, cancel);
                    break;
            }
        }
        if (letters) events.Publish("deadletter", "");
        foreach (var device in devices.Keys) events.Publish("device", device.Value);
    }

    /// <summary>A disk that is full or broken is waited for: what is told was taken in, and is acknowledged only afterwards.</summary>
    private async Task<T> StoredAsync<T>(Func<Task<T>> work, CancellationToken cancel)
    {
        for (var pause = Pause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                return await work();
            }
            catch (Exception e) when (StorageFailure.IsStorage(e))
            {
                Log.StorageFailed(log, pause, e);
                await Task.Delay(pause, time, cancel);
            }
        }
    }

    private async Task EachAsync(Func<IFleetObserver, ValueTask> tell, CancellationToken cancel)
    {
        foreach (var observer in _observers)
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    await tell(observer);
                    break;
                }
                catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
                {
                    if (attempt >= Tries && !(IsMoving(e) && attempt < TriesWhileMoving))
                    {
                        Log.ObserverFailed(log, observer.GetType().Name, e);
                        break;
                    }
                    await Task.Delay(Pause * attempt, time, cancel);
                }
            }
        }
    }

    private static bool IsMoving(Exception e) => e is OrleansMessageRejectionException or TimeoutException;

    private static partial class Log
    {
        [LoggerMessage(EventId = 2011, Level = LogLevel.Error, Message = "{Observer} failed again and again; it misses this message")]
        public static partial void ObserverFailed(ILogger logger, string observer, Exception exception);

        [LoggerMessage(EventId = 2012, Level = LogLevel.Error, Message = "What was said cannot be passed on while the disk fails. Next try in {Pause}")]
        public static partial void StorageFailed(ILogger logger, TimeSpan pause, Exception exception);
    }
}
