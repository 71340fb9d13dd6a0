namespace System.Device.Gpio;

/// <summary>Hears of an edge.</summary>
/// <param name="sender">The driver's side; nothing to build on.</param>
public delegate void PinChangeEventHandler(object sender, PinValueChangedEventArgs pinValueChangedEventArgs);

/// <summary>An edge of an input. As in the original it carries no time: whoever needs one reads the clock.</summary>
public class PinValueChangedEventArgs(PinEventTypes changeType, int pinNumber) : EventArgs
{
    public PinEventTypes ChangeType { get; } = changeType;

    public int PinNumber { get; } = pinNumber;
}
