using System.Device.Gpio;

namespace CvOps.Agent.Update.Maintenance;

/// <summary>Whether the line is idle, from a pin or from what was last told. Safe from any thread.</summary>
/// <param name="options">Null: nobody has to say so, the line may always be touched.</param>
/// <param name="open">Opens the driver of a chip.</param>
internal sealed class LineSignal(LineSignalOptions? options, Func<int, GpioDriver> open, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private GpioController? _controller;
    private GpioPin? _pin;
    private bool? _told;
    private long? _idleSince;

    /// <summary>Told by command.</summary>
    /// <returns>False when this device does not listen to commands for that.</returns>
    public bool Tell(bool idle)
    {
        if (options?.By != LineSignalKind.Command) return false;
        lock (_gate)
        {
            if (idle && _told != true) _idleSince = time.GetTimestamp();
            if (!idle) _idleSince = null;
            _told = idle;
        }
        return true;
    }

    /// <summary>What the update must wait for; null when the line is idle and has been for long enough. Look often: a pin is read only here.</summary>
    public string? WaitsFor()
    {
        if (options is null) return null;
        lock (_gate)
        {
            if (options.By == LineSignalKind.Gpio && ReadPin() is { } problem) return problem;
            if (options.By == LineSignalKind.Command && _told is null) return "word whether the line is idle: the command 'line' has not come since the agent's start";
            if (_idleSince is not { } since) return "the line to be idle";
            return time.GetElapsedTime(since) < options.Settle ? $"the line to have been idle for {options.Settle.TotalSeconds:0.#} s" : null;
        }
    }

    public void Dispose() => _controller?.Dispose();

    /// <returns>Why it can't be read; null when it was.</returns>
    private string? ReadPin()
    {
        try
        {
            if (_pin is null)
            {
                _controller ??= new GpioController(open(options!.Chip));
                _pin = _controller.OpenPin(options!.Pin!.Value, PinMode.Input);
            }
            var idle = _pin.Read() == (options!.ActiveLow ? PinValue.Low : PinValue.High);
            if (!idle) _idleSince = null;
            else _idleSince ??= time.GetTimestamp();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException or InvalidOperationException)
        {
            _idleSince = null;
            return $"the line to be idle, which pin {options!.Pin} of chip {options.Chip} does not tell: {e.Message}";
        }
    }
}
