using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Reminders;
using Orleans.Serialization;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>The one silo of this process: it finds or makes the activation of a grain, and ends them all when the host stops.</summary>
internal sealed partial class Silo : IHostedService, IDisposable
{
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<GrainId, Activation> _activations = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly TimeProvider _time;
    private readonly TimeProvider _collectionTime;
    private readonly TimeSpan _responseTimeout;
    private Task _sweeps = Task.CompletedTask;
    private volatile bool _open;
    private volatile bool _stopping;
    private long _now;

    public Silo(IServiceProvider services, Copier copier, IOptions<GrainCollectionOptions> collection,
        IOptions<SiloMessagingOptions> messaging, ILogger<Silo> logger)
    {
        (Services, Copier, Logger, Collection) = (services, copier, logger, collection.Value);
        _responseTimeout = messaging.Value.ResponseTimeout;
        Classes = new GrainClasses(Collection);
        References = new GrainReferences(this);
        GrainFactory = new GrainFactory(this, services);
        GrainTime = Clock(TimeProviderNames.Grains);
        Meter = new SiloMeter(() => _activations.Count);
        _time = Clock(TimeProviderNames.Messaging);
        _collectionTime = Clock(TimeProviderNames.ActivationManagement);
    }

    public IServiceProvider Services { get; }

    public Copier Copier { get; }

    public ILogger Logger { get; }

    public GrainCollectionOptions Collection { get; }

    public GrainClasses Classes { get; }

    public GrainReferences References { get; }

    public IClusterClient GrainFactory { get; }

    public TimeProvider GrainTime { get; }

    public IIncomingGrainCallFilter[] Filters { get; private set; } = [];

    public IOutgoingGrainCallFilter[] OutgoingFilters { get; private set; } = [];

    public SiloMeter Meter { get; }

    /// <summary>Milliseconds, stepping once a sweep: good enough for time-outs of seconds, and free to read.</summary>
    public long Now => Volatile.Read(ref _now);

    public int ActivationCount => _activations.Count;

    /// <summary>Every activation is told to end, those that are made now too.</summary>
    public bool IsStopping => _stopping;

    /// <summary>Queues a request at the grain's activation, which is made if there is none.</summary>
    /// <exception cref="SiloUnavailableException">The silo is not running.</exception>
    public Activation Send(GrainId id, Request request)
    {
        while (true)
        {
            if (!_open) throw new SiloUnavailableException($"The silo is not running; {request} was not sent.");
            if (!_activations.TryGetValue(id, out var activation))
                activation = _activations.GetOrAdd(id, static (id, silo) => new Activation(silo, silo.Classes.Named(id.Type.ToString()), id), this);
            if (activation.TryQueue(request)) return activation;
        }
    }

    public void Remove(Activation activation)
    {
        if (_activations.TryRemove(new(activation.GrainId, activation))) Meter.Destroyed();
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Services.GetRequiredService<SiloBuilder>().Validate();
        foreach (var store in Services.GetServices<StateStore>()) Log.StorageReady(Logger, store.Name);
        Filters = [.. Services.GetServices<IIncomingGrainCallFilter>()];
        OutgoingFilters = [.. Services.GetServices<IOutgoingGrainCallFilter>()];
        _open = true;
        _sweeps = SweepLoop();
        if (Services.GetService<ReminderService>() is { } reminders) await reminders.Start(this);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Services.GetService<ReminderService>()?.Stop();
        _stopping = true;
        // Grains may call others while they end, which may wake some: again until none is left.
        while (!_activations.IsEmpty)
        {
            var ends = new List<Task>();
            foreach (var activation in _activations.Values)
            {
                activation.Deactivate(new(DeactivationReasonCode.ShuttingDown, "The silo is stopping."), CancellationToken.None);
                ends.Add(activation.Deactivated);
            }

            try
            {
                await Task.WhenAll(ends).WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // Stored state is what was written; a request that hangs cannot hold the process.
                Log.GaveUp(Logger, $"{_activations.Count} grains did not end before the host's shutdown time-out.");
                break;
            }
        }

        _open = false;
        await _stopped.CancelAsync();
        await _sweeps;
    }

    public void Dispose()
    {
        Meter.Dispose();
        _open = false;
        _stopped.Cancel();
    }

    private TimeProvider Clock(string name) => Services.GetKeyedService<TimeProvider>(name) ?? Services.GetRequiredService<TimeProvider>();

    private static partial class Log
    {
        [LoggerMessage(EventId = 9031, Level = LogLevel.Debug, Message = "Grain storage {Name} is ready")]
        public static partial void StorageReady(ILogger log, string name);

        [LoggerMessage(EventId = 9032, Level = LogLevel.Warning, Message = "{Reason}")]
        public static partial void GaveUp(ILogger log, string reason);
    }
}
