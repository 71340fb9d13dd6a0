using System.ComponentModel.DataAnnotations;
using CvOps.Contracts;

namespace CvOps.Agent.Actuation;

/// <summary>The level of a pin.</summary>
internal enum Level { Low, High }

/// <summary>The edge of an input that counts.</summary>
internal enum Edge { Rising, Falling }

/// <summary>What one camera's results do to the line, on the pins of one GPIO chip.</summary>
internal sealed record ActuationOptions : IValidatableObject
{
    public const string Section = "actuation";

    public required CameraId Camera { get; init; }

    /// <summary>n of <c>/dev/gpiochipn</c>; pins are its line numbers.</summary>
    [Range(0, 255)]
    public int Chip { get; init; }

    /// <summary>The sensor that sees a part; without one every frame is a part of its own.</summary>
    public TriggerOptions? Trigger { get; init; }

    /// <summary>Counts the belt's way; needed for a delay in counts.</summary>
    public EncoderOptions? Encoder { get; init; }

    public RejectOptions? Reject { get; init; }

    public StackLightOptions? StackLight { get; init; }

    public FailSafeOptions? FailSafe { get; init; }

    /// <summary>Every pin this camera uses, with the key that names it.</summary>
    internal IEnumerable<(string Key, int Pin)> Pins()
    {
        if (Trigger is not null) yield return ("trigger.pin", Trigger.Pin);
        if (Encoder is not null) yield return ("encoder.pin", Encoder.Pin);
        if (Reject is not null) yield return ("reject.pin", Reject.Pin);
        if (FailSafe is not null) yield return ("fail-safe.pin", FailSafe.Pin);
        if (StackLight?.Green is { } green) yield return ("stack-light.green", green);
        if (StackLight?.Yellow is { } yellow) yield return ("stack-light.yellow", yellow);
        if (StackLight?.Red is { } red) yield return ("stack-light.red", red);
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Trigger is not null && Reject is null) yield return new ValidationResult("a trigger does nothing without a 'reject' section; add one or remove the trigger", [nameof(Trigger)]);
        if (Reject?.DelayCounts is not null && Encoder is null) yield return new ValidationResult("a delay in counts needs an 'encoder' section that says where they come from", [nameof(Reject)]);
        if (Encoder is not null && Reject?.DelayCounts is null) yield return new ValidationResult("nothing uses the encoder; give 'reject' a delay-counts or remove it", [nameof(Encoder)]);
        if (Trigger is not null && Reject?.Delay is { } delay && Trigger.Window >= delay)
        {
            yield return new ValidationResult($"its window of {Trigger.Window.TotalSeconds} s must end before the reject's delay of {delay.TotalSeconds} s has passed", [nameof(Trigger)]);
        }
        if (!Pins().Any()) yield return new ValidationResult("no pin is named; add a reject, stack-light or fail-safe section");
    }
}

/// <summary>Which frames a trigger's edge stands for.</summary>
internal enum TriggerCapture
{
    /// <summary>The first frame captured from the edge on is the part's.</summary>
    NextFrame,

    /// <summary>Every frame captured within the window is the part's; one that rejects is enough.</summary>
    Window,
}

/// <summary>A light barrier or the like: an edge says that a part is before the camera.</summary>
internal sealed record TriggerOptions
{
    [Range(0, 511)]
    public required int Pin { get; init; }

    public Edge Edge { get; init; } = Edge.Rising;

    public TriggerCapture Capture { get; init; } = TriggerCapture.NextFrame;

    /// <summary>Longest time from the edge to the capture of a frame of the part.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(0.2);

    /// <summary>How much before the edge a frame may be stamped and still be the part's: the uncertainty of its capture time.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan Early { get; init; } = TimeSpan.Zero;

    /// <summary>An edge this soon after the last one is the same part's.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan Debounce { get; init; } = TimeSpan.FromSeconds(0.005);
}

/// <summary>One channel of an incremental encoder on the belt. The belt is taken to run one way.</summary>
internal sealed record EncoderOptions
{
    [Range(0, 511)]
    public required int Pin { get; init; }

    public Edge Edge { get; init; } = Edge.Rising;
}

/// <summary>What is done about a part whose decision is not there when it is due.</summary>
internal enum MissedAction { Reject, Pass }

/// <summary>The ejector.</summary>
internal sealed record RejectOptions : IValidatableObject
{
    [Range(0, 511)]
    public required int Pin { get; init; }

    /// <summary>The level that ejects.</summary>
    public Level Active { get; init; } = Level.High;

    /// <summary>From the trigger's edge, or without a trigger from the frame's capture, to the ejector.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan? Delay { get; init; }

    /// <summary>The same way in encoder counts, for a belt whose speed changes.</summary>
    [Range(1, 10_000_000)]
    public long? DelayCounts { get; init; }

    /// <summary>How long the ejector is driven; a further reject within it makes it longer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan Pulse { get; init; } = TimeSpan.FromSeconds(0.05);

    /// <summary>For a part without a decision in time, and for one whose frame gave no prediction.</summary>
    public MissedAction MissedAction { get; init; } = MissedAction.Reject;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Delay is null == DelayCounts is null) yield return new ValidationResult("name either delay-seconds or delay-counts: how long or how far it is from the camera to the ejector", [nameof(Delay)]);
    }
}

/// <summary>Lamps of a stack light; those that are not there have no key.</summary>
internal sealed record StackLightOptions
{
    [Range(0, 511)]
    public int? Green { get; init; }

    [Range(0, 511)]
    public int? Yellow { get; init; }

    [Range(0, 511)]
    public int? Red { get; init; }

    /// <summary>The level that lights.</summary>
    public Level Active { get; init; } = Level.High;
}

/// <summary>An output that says whether parts are being inspected, for the line's own controller.</summary>
internal sealed record FailSafeOptions
{
    [Range(0, 511)]
    public required int Pin { get; init; }

    /// <summary>The level while parts are inspected; the other one when the camera is not live, no model is in charge, or the agent ends.</summary>
    public Level Healthy { get; init; } = Level.High;
}
