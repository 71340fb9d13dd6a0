using System.Collections.Frozen;
using System.Device.Gpio;
using CvOps.Agent.Configuration;
using CvOps.Agent.Health;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Actuation;

/// <summary>Takes every result to its camera's outputs, and keeps those saying how the cameras are. Owns chips and actuators from start to end.</summary>
/// <param name="open">Opens a chip by its number.</param>
/// <param name="stateOf">The state of a camera; null when there is none of that name.</param>
/// <param name="hasModel">Whether a model is in charge.</param>
/// <param name="realtime">As <see cref="RejectLoop"/> has it.</param>
internal sealed partial class ActuationLoop(
    IReadOnlyList<ActuationOptions> options, Func<int, GpioDriver> open, Func<CameraId, CameraState?> stateOf, Func<bool> hasModel,
    IHostApplicationLifetime? lifetime, bool realtime, TimeProvider time, ILogger<ActuationLoop> logger) : BackgroundService, IInspectedFrameSink, IMetricsSource
{
    // Far below the time after which a camera is stale, so it adds nothing that matters to the fail-safe's delay.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(1);

    private readonly Dictionary<int, GpioController> _chips = [];
    private readonly Lock _gate = new();
    private FrozenDictionary<CameraId, CameraActuator> _actuators = FrozenDictionary<CameraId, CameraActuator>.Empty;
    private long[] _troublesSaid = [];
    private bool _stopping;
    private bool _realtimeSaid;

    /// <summary>The actuator of a camera; for tests.</summary>
    internal CameraActuator this[CameraId camera] => _actuators[camera];

    /// <summary>First of all sinks: whatever the others wait for, the ejector does not.</summary>
    public bool BeforeChallenger => true;

    public void Inspected(in InspectedFrame inspected)
    {
        if (!_actuators.TryGetValue(inspected.Camera, out var actuator) || actuator.Reject is null) return;
        actuator.Reject.Inspected(inspected.Frame.CapturedAt, inspected.Error is not null ? Verdict.Unknown : inspected.Prediction.Reject ? Verdict.Bad : Verdict.Good);
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        var actuators = new Dictionary<CameraId, CameraActuator>();
        for (var i = 0; i < options.Count; i++)
        {
            try
            {
                if (!_chips.TryGetValue(options[i].Chip, out var chip)) _chips[options[i].Chip] = chip = new GpioController(open(options[i].Chip));
                actuators[options[i].Camera] = new CameraActuator(options[i], chip, time, realtime);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
            {
                foreach (var opened in actuators.Values) opened.Dispose();
                throw new ConfigurationException([new Mistake(0, $"{ActuationOptions.Section}[{i}]", e.Message)]);
            }
        }
        _actuators = actuators.ToFrozenDictionary();
        _troublesSaid = new long[options.Count];
        // Parts pass uninspected from the moment the agent is told to stop, not from when its loops have ended.
        lifetime?.ApplicationStopping.Register(Trip);
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        Trip();
        await base.StopAsync(cancellationToken);
        foreach (var actuator in _actuators.Values) actuator.Dispose();
    }

    public override void Dispose()
    {
        foreach (var actuator in _actuators.Values) actuator.Dispose();
        foreach (var chip in _chips.Values) chip.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A device without an ejector is not woken twenty times a second for it.
        if (_actuators.Count == 0) return;
        using var timer = new PeriodicTimer(LookEvery, time);
        var ends = _actuators.Values.Select(actuator => actuator.Reject?.Ended).OfType<Task>().ToArray();
        var reported = time.GetTimestamp();
        try
        {
            do
            {
                Look();
                if (time.GetElapsedTime(reported) >= ReportEvery)
                {
                    Report();
                    reported = time.GetTimestamp();
                }
                // A pin that refused ends the agent: what cannot eject must not say that it inspects.
                foreach (var end in ends) if (end.IsFaulted) await end;
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        finally
        {
            Trip();
        }
    }

    private void Look()
    {
        lock (_gate)
        {
            foreach (var actuator in _actuators.Values)
            {
                var (was, state) = (actuator.Healthy, stateOf(actuator.Camera));
                actuator.Show(state, hasModel(), _stopping);
                if (was && !actuator.Healthy) Log.FailSafeTripped(logger, actuator.Camera.Value, _stopping ? "the agent ends" : state is { } it ? $"the camera is {it}, a model {(hasModel() ? "is" : "is not")} in charge" : "there is no such camera");
                else if (!was && actuator.Healthy) Log.FailSafeReleased(logger, actuator.Camera.Value);
            }
        }
    }

    private void Trip()
    {
        lock (_gate) _stopping = true;
        Look();
    }

    private void Report()
    {
        var i = 0;
        foreach (var actuator in _actuators.Values)
        {
            var (troubles, said) = (actuator.Troubles, _troublesSaid[i]);
            _troublesSaid[i++] = troubles;
            if (!_realtimeSaid && actuator.Reject is { RealtimeRefused: true }) Log.NotRealtime(logger, actuator.Camera.Value);
            if (troubles > said) Log.PartsUndecided(logger, troubles - said, actuator.Camera.Value, actuator.Reject!.Counts.Missed, actuator.Reject.Counts.Unknown);
        }
        _realtimeSaid = true;
    }

    private static partial class Log
    {
        [LoggerMessage(1200, LogLevel.Warning, "The outputs of camera {Camera} say that parts are not inspected: {Reason}")]
        public static partial void FailSafeTripped(ILogger logger, string camera, string reason);

        [LoggerMessage(1201, LogLevel.Information, "The outputs of camera {Camera} say that parts are inspected")]
        public static partial void FailSafeReleased(ILogger logger, string camera);

        [LoggerMessage(1203, LogLevel.Warning, "The ejector of camera {Camera} runs without real-time scheduling: on a busy machine it may be ten milliseconds late. Allow it with LimitRTPRIO=20 in the unit")]
        public static partial void NotRealtime(ILogger logger, string camera);

        [LoggerMessage(1202, LogLevel.Warning, "{Parts} parts of camera {Camera} had no decision when they were due; since the start {Missed} came too late or not at all, {Unknown} had no prediction")]
        public static partial void PartsUndecided(ILogger logger, long parts, string camera, long missed, long unknown);
    }
}
