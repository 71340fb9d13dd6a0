using System.Device.Gpio;
using System.Device.Gpio.Drivers;
using CvOps.Agent.Actuation;
using CvOps.Agent.Configuration;
using CvOps.Agent.Tests.Health;
using CvOps.Agent.Tests.Sampling;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Observability.Metrics;
using CvOps.Testing;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Actuation;

/// <summary>A line's outputs beside a camera that comes and goes.</summary>
public sealed class ActuationLoopTests : IAsyncDisposable
{
    private const int Ejector = 2;
    private const int FailSafe = 5;
    private const int Green = 6;
    private const int Yellow = 7;
    private const int Red = 8;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private static readonly ActuationOptions Options = new()
    {
        Camera = new CameraId("cam"),
        Reject = new RejectOptions { Pin = Ejector, Delay = TimeSpan.FromSeconds(1) },
        StackLight = new StackLightOptions { Green = Green, Yellow = Yellow, Red = Red },
        FailSafe = new FailSafeOptions { Pin = FailSafe },
    };

    private readonly ManualTime _time = new();
    private readonly HeardLog _log = new();
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly MemoryPins _pins;
    private CameraState? _camera = CameraState.Connecting;
    private bool _hasModel = true;
    private ActuationLoop? _loop;

    public ActuationLoopTests() => _pins = new MemoryPins(_time);

    public async ValueTask DisposeAsync()
    {
        if (_loop is null) return;
        await _loop.StopAsync(CancellationToken.None);
        _loop.Dispose();
        Assert.True(_pins.Disposed);
    }

    [Fact]
    public async Task Outputs_say_that_parts_are_inspected_only_while_they_are()
    {
        await StartAsync(Options);
        await SayAsync(false, Yellow);
        _camera = CameraState.Live;
        await SayAsync(true, Green);
        _camera = CameraState.Stale;
        await SayAsync(false, Red);
        _camera = CameraState.Live;
        await SayAsync(true, Green);
        _hasModel = false;
        await SayAsync(false, Yellow);
        _hasModel = true;
        await SayAsync(true, Green);
        _camera = null;
        await SayAsync(false, Red);
        Assert.Contains(_log.Lines, line => line.Contains("not inspected: the camera is Stale", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_fail_safe_level_is_there_as_soon_as_the_agent_is_told_to_stop()
    {
        await StartAsync(Options);
        _camera = CameraState.Live;
        await SayAsync(true, Green);
        _lifetime.StopApplication();
        Assert.Equal((PinValue.Low, PinValue.High), (_pins[FailSafe], _pins[Red]));
        _time.Advance(Look);
        Assert.Equal(PinValue.Low, _pins[FailSafe]);
    }

    [Fact]
    public async Task A_fail_safe_output_may_be_healthy_low()
    {
        await StartAsync(Options with { FailSafe = new FailSafeOptions { Pin = FailSafe, Healthy = Level.Low } });
        Assert.Equal(PinValue.High, _pins[FailSafe]);
        _camera = CameraState.Live;
        await SayAsync(true, Green, healthy: PinValue.Low);
    }

    [Fact]
    public async Task A_frame_that_rejects_reaches_the_ejector_and_a_part_missed_shows_yellow_for_a_while()
    {
        var loop = await StartAsync(Options);
        _camera = CameraState.Live;
        await SayAsync(true, Green);
        using var rig = new InspectionRig { Time = _time };
        rig.Show(loop, reject: true);
        rig.Show(loop);
        Assert.Equal((1, 0), (loop[Options.Camera].Reject!.Counts.Decided, loop[Options.Camera].Reject!.Counts.Ejected));
        await _time.UntilTimersAsync(2, TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.Async(() => _pins[Ejector] == PinValue.High, InspectionDeadline, () => $"{loop[Options.Camera].Reject!.Counts}", TestContext.Current.CancellationToken);
        await SayAsync(true, Green);

        rig.Show(loop, error: "Output 'logits' is NaN.");
        _time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.Async(() => loop[Options.Camera].Reject!.Counts is { Unknown: 1, Ejected: 2 }, InspectionDeadline, () => $"{loop[Options.Camera].Reject!.Counts}", TestContext.Current.CancellationToken);
        await SayAsync(true, Yellow);
        for (var i = 0; i < 12; i++) _time.Advance(TimeSpan.FromSeconds(1));
        await SayAsync(true, Green);
        Assert.Contains(_log.Lines, line => line.StartsWith("1 parts of camera cam had no decision", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Metrics_have_every_count_of_every_camera()
    {
        var loop = await StartAsync(Options, new ActuationOptions { Camera = new CameraId("lamps"), StackLight = new StackLightOptions { Red = 11 } });
        using var rig = new InspectionRig { Time = _time };
        for (var i = 0; i < 3; i++) rig.Show(loop);
        Assert.Equal(new ActuationHealth(Options.Camera, false, 0, 3, 0, 0, 0, 0), Assert.Single(loop.Health, it => it.Camera == Options.Camera));
        var page = new MetricPage();
        loop.Write(page);
        var samples = PrometheusParser.Parse(page.ToString());
        double Of(string name, string camera) => Assert.Single(samples, it => it.Name == name && it.Labels["camera"] == camera).Value;
        Assert.Equal(3, Of("cvops_agent_actuation_decided_total", "cam"));
        Assert.Equal(0, Of("cvops_agent_actuation_deadline_misses_total", "cam"));
        Assert.Equal((0, 0), (Of("cvops_agent_actuation_healthy", "cam"), Of("cvops_agent_actuation_healthy", "lamps")));
        Assert.DoesNotContain(samples, it => it.Name.EndsWith("_total", StringComparison.Ordinal) && it.Labels["camera"] == "lamps");
    }

    [Fact]
    public async Task A_chip_that_cannot_be_had_is_a_mistake_in_the_configuration()
    {
        using var loop = new ActuationLoop([Options], chip => throw new GpiodException($"There is no GPIO chip /dev/gpiochip{chip}."), _ => null, () => false, null, realtime: false, _time, _log.For<ActuationLoop>());
        var mistake = Assert.Single((await Assert.ThrowsAsync<ConfigurationException>(() => loop.StartAsync(CancellationToken.None))).Mistakes);
        Assert.Equal("actuation[0]: There is no GPIO chip /dev/gpiochip0.", mistake.ToString());
    }

    private static readonly TimeSpan InspectionDeadline = TimeSpan.FromSeconds(10);

    private async Task<ActuationLoop> StartAsync(params ActuationOptions[] options)
    {
        _loop = new ActuationLoop(options, _ => _pins, _ => _camera, () => _hasModel, _lifetime, realtime: false, _time, _log.For<ActuationLoop>());
        await _loop.StartAsync(TestContext.Current.CancellationToken);
        return _loop;
    }

    /// <summary>Waits until fail-safe output and lamps say so.</summary>
    private Task SayAsync(bool inspected, int lamp, PinValue? healthy = null) => Eventually.Async(
        () =>
        {
            _time.Advance(Look);
            return _pins[FailSafe] == (inspected == ((healthy ?? PinValue.High) == PinValue.High)) && ((int[])[Green, Yellow, Red]).All(pin => (bool)_pins[pin] == (pin == lamp));
        },
        InspectionDeadline, () => $"fail-safe {_pins[FailSafe]}, green {_pins[Green]}, yellow {_pins[Yellow]}, red {_pins[Red]}", TestContext.Current.CancellationToken);
}
