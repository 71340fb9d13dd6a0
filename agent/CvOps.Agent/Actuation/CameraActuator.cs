using System.Device.Gpio;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Actuation;

/// <summary>All that one camera moves on its line. Outputs begin at their safe level.</summary>
internal sealed class CameraActuator : IDisposable
{
    private readonly ActuationOptions _options;
    private readonly TimeProvider _time;
    private readonly GpioPin? _failSafe;
    private readonly GpioPin?[] _lamps;
    private long _troubles;
    private long _troubleAt;

    /// <param name="pins">Of the camera's chip; stays the caller's.</param>
    /// <param name="realtime">As <see cref="RejectLoop"/> has it.</param>
    /// <exception cref="IOException">A pin cannot be had.</exception>
    public CameraActuator(ActuationOptions options, GpioController pins, TimeProvider time, bool realtime)
    {
        (_options, _time) = (options, time);
        if (options.FailSafe is { } failSafe) _failSafe = pins.OpenPin(failSafe.Pin, PinMode.Output, SafeLevel(healthy: false));
        GpioPin? Open(int? pin, bool lit) => pin is { } number ? pins.OpenPin(number, PinMode.Output, LampLevel(lit)) : null;
        _lamps = [Open(options.StackLight?.Green, false), Open(options.StackLight?.Yellow, true), Open(options.StackLight?.Red, false)];
        if (options.Reject is not null) Reject = new RejectLoop(options, pins, time, realtime);
    }

    public CameraId Camera => _options.Camera;

    /// <summary>Null when nothing is ejected.</summary>
    public RejectLoop? Reject { get; }

    /// <summary>Whether the camera's parts are inspected, as its outputs last said.</summary>
    public bool Healthy { get; private set; }

    /// <summary>Parts missed and parts without a prediction.</summary>
    public long Troubles => Reject is { Counts: var counts } ? counts.Missed + counts.Unknown : 0;

    /// <summary>Sets fail-safe output and lamps. One thread at a time.</summary>
    /// <param name="camera">Null when there is no such camera now.</param>
    public void Show(CameraState? camera, bool hasModel, bool stopping)
    {
        if (Troubles != _troubles) (_troubles, _troubleAt) = (Troubles, _time.GetTimestamp());
        Healthy = InspectionStateRule.Inspects(camera, hasModel, stopping);
        _failSafe?.Write(SafeLevel(Healthy));
        var lit = InspectionStateRule.Show(camera, hasModel, stopping, _troubles == 0 ? null : _time.GetElapsedTime(_troubleAt));
        for (var lamp = Lamp.Green; lamp <= Lamp.Red; lamp++) _lamps[(int)lamp]?.Write(LampLevel(lamp == lit));
    }

    public void Dispose() => Reject?.Dispose();

    private PinValue SafeLevel(bool healthy) => healthy == (_options.FailSafe!.Healthy == Level.High) ? PinValue.High : PinValue.Low;

    private PinValue LampLevel(bool lit) => lit == (_options.StackLight!.Active == Level.High) ? PinValue.High : PinValue.Low;
}
