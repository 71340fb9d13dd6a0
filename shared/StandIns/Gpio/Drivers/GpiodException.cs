namespace System.Device.Gpio.Drivers;

/// <summary>The kernel refused something about a chip or a line; the message says what, and what helps.</summary>
public class GpiodException : IOException
{
    public GpiodException()
    {
    }

    public GpiodException(string message)
        : base(message)
    {
    }

    public GpiodException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
