using System.Device.Gpio;
using CvOps.Agent.Actuation;
using CvOps.Contracts;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Actuation;

/// <summary>Ejector, trigger and encoder on pins in memory; time moves when the test says so.</summary>
public sealed class RejectLoopTests : IDisposable
{
    private const int TriggerPin = 1;
    private const int EjectorPin = 2;
    private const int EncoderPin = 3;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private static readonly ActuationOptions Triggered = new()
    {
        Camera = new CameraId("cam"), Trigger = new TriggerOptions { Pin = TriggerPin },
        Reject = new RejectOptions { Pin = EjectorPin, Delay = TimeSpan.FromSeconds(0.5), Pulse = TimeSpan.FromSeconds(0.04) },
    };

    private readonly ManualTime _time = new();
    private readonly MemoryPins _pins;
    private readonly GpioController _controller;

    public RejectLoopTests()
    {
        _pins = new MemoryPins(_time);
        _controller = new GpioController(_pins);
    }

    public void Dispose() => _controller.Dispose();

    [Fact]
    public async Task The_ejector_is_driven_for_its_pulse_exactly_when_the_part_is_there()
    {
        using var loop = new RejectLoop(Triggered, _controller, _time, realtime: false);
        var start = _time.GetTimestamp();
        _pins.Pulse(TriggerPin);
        await AdvanceAsync(0.1);
        loop.Inspected(_time.GetUtcNow() - TimeSpan.FromSeconds(0.09), Verdict.Bad);
        await AdvanceAsync(0.4);
        await ShownAsync(2);
        await AdvanceAsync(0.04);
        await ShownAsync(3);
        Assert.Equal(
            [(0.0, PinValue.Low), (0.5, PinValue.High), (0.54, PinValue.Low)],
            _pins.Shown(EjectorPin).Select(change => (_time.GetElapsedTime(start, change.Timestamp).TotalSeconds, change.Value)));
        Assert.Equal(TimeSpan.Zero, loop.Latest);
    }

    [Fact]
    public async Task An_ejector_that_is_active_low_rests_high()
    {
        using var loop = new RejectLoop(Triggered with { Reject = Triggered.Reject! with { Active = Level.Low } }, _controller, _time, realtime: false);
        _pins.Pulse(TriggerPin);
        await AdvanceAsync(0.5);
        await ShownAsync(2);
        Assert.Equal([PinValue.High, PinValue.Low], _pins.Shown(EjectorPin).Select(change => change.Value));
    }

    [Fact]
    public async Task Two_rejects_closer_than_a_pulse_are_one_longer_pulse()
    {
        using var loop = new RejectLoop(Triggered with { Trigger = null }, _controller, _time, realtime: false);
        var start = _time.GetTimestamp();
        loop.Inspected(_time.GetUtcNow(), Verdict.Bad);
        loop.Inspected(_time.GetUtcNow() + TimeSpan.FromSeconds(0.03), Verdict.Bad);
        await AdvanceAsync(0.5);
        await ShownAsync(2);
        await AdvanceAsync(0.03);
        await EjectedAsync(loop, 2);
        await AdvanceAsync(0.04);
        await ShownAsync(3);
        Assert.Equal([0.0, 0.5, 0.57], _pins.Shown(EjectorPin).Select(change => _time.GetElapsedTime(start, change.Timestamp).TotalSeconds));
    }

    [Fact]
    public void Parts_due_by_count_are_ejected_on_the_encoders_edge_at_any_speed()
    {
        using var loop = new RejectLoop(new ActuationOptions
        {
            Camera = new CameraId("cam"), Trigger = new TriggerOptions { Pin = TriggerPin }, Encoder = new EncoderOptions { Pin = EncoderPin },
            Reject = new RejectOptions { Pin = EjectorPin, DelayCounts = 100 },
        }, _controller, _time, realtime: false);
        Turn(7);
        _pins.Pulse(TriggerPin);
        loop.Inspected(_time.GetUtcNow(), Verdict.Bad);
        Turn(99);
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(PinValue.Low, _pins[EjectorPin]);
        Turn(1);
        Assert.Equal(PinValue.High, _pins[EjectorPin]);
        Assert.Equal((107, 1), (loop.Position, loop.Counts.Ejected));
    }

    [Fact]
    public void Without_a_trigger_the_way_is_counted_from_where_the_belt_was_at_the_capture()
    {
        using var loop = new RejectLoop(new ActuationOptions
        {
            Camera = new CameraId("cam"), Encoder = new EncoderOptions { Pin = EncoderPin }, Reject = new RejectOptions { Pin = EjectorPin, DelayCounts = 100 },
        }, _controller, _time, realtime: false);
        Turn(30);
        var captured = _time.GetUtcNow();
        Turn(40);
        loop.Inspected(captured, Verdict.Bad);
        Turn(59);
        Assert.Equal(PinValue.Low, _pins[EjectorPin]);
        Turn(1);
        Assert.Equal(PinValue.High, _pins[EjectorPin]);
    }

    [Fact]
    public async Task A_loop_that_stops_releases_the_ejector()
    {
        var loop = new RejectLoop(Triggered, _controller, _time, realtime: false);
        _pins.Pulse(TriggerPin);
        await AdvanceAsync(0.5);
        await ShownAsync(2);
        loop.Dispose();
        Assert.Equal(PinValue.Low, _pins[EjectorPin]);
        _pins.Pulse(TriggerPin);
        loop.Inspected(_time.GetUtcNow(), Verdict.Bad);
        await loop.Ended;
    }

    [Fact]
    public async Task A_pin_that_refuses_ends_the_loop()
    {
        using var loop = new RejectLoop(Triggered, _controller, _time, realtime: false);
        _controller.ClosePin(EjectorPin);
        _pins.Pulse(TriggerPin);
        await AdvanceAsync(0.5);
        await Assert.ThrowsAsync<InvalidOperationException>(() => loop.Ended.WaitAsync(Deadline, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_frame_allocates_nothing()
    {
        using var loop = new RejectLoop(Triggered, _controller, _time, realtime: false);
        Frame();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) Frame();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Frame() => loop.Inspected(_time.GetUtcNow(), Verdict.Good);
    }

    [Fact]
    public async Task On_real_time_a_part_is_ejected_within_milliseconds_of_its_due_time()
    {
        var pins = new MemoryPins(TimeProvider.System);
        using var controller = new GpioController(pins);
        using var loop = new RejectLoop(Triggered with { Reject = Triggered.Reject! with { Delay = TimeSpan.FromMilliseconds(250), Pulse = Millisecond } }, controller, TimeProvider.System, realtime: false);
        var start = TimeProvider.System.GetTimestamp();
        pins.Pulse(TriggerPin);
        await Eventually.Async(() => pins.Shown(EjectorPin).Count >= 3, Deadline, () => $"{pins.Shown(EjectorPin).Count} levels", TestContext.Current.CancellationToken);
        // The bound is loose: other tests share the machine. The benchmark has the tight one.
        Assert.InRange(TimeProvider.System.GetElapsedTime(start, pins.Shown(EjectorPin)[1].Timestamp).TotalMilliseconds, 250, 500);
        Assert.True(loop.Latest > TimeSpan.Zero);
    }

    private void Turn(int edges)
    {
        for (var i = 0; i < edges; i++)
        {
            _time.Advance(Millisecond);
            _pins.Pulse(EncoderPin);
        }
    }

    /// <summary>Moves time when the loop has set its timer.</summary>
    private async Task AdvanceAsync(double seconds)
    {
        await _time.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromSeconds(seconds));
    }

    private Task ShownAsync(int levels) =>
        Eventually.Async(() => _pins.Shown(EjectorPin).Count >= levels, Deadline, () => string.Join(", ", _pins.Shown(EjectorPin)), TestContext.Current.CancellationToken);

    private static Task EjectedAsync(RejectLoop loop, long parts) =>
        Eventually.Async(() => loop.Counts.Ejected == parts, Deadline, () => $"{loop.Counts}", TestContext.Current.CancellationToken);
}
