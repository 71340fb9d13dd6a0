using System.Diagnostics;

namespace CvOps.Observability.Tracing;

/// <summary>A span as text between programs: the field <c>traceparent</c> of W3C Trace Context, version 00.</summary>
public static class TraceText
{
    /// <summary>Of every such text.</summary>
    public const int Length = 55;

    public static string Of(ActivityContext context) => $"00-{context.TraceId.ToHexString()}-{context.SpanId.ToHexString()}-{(context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? "01" : "00")}";

    /// <returns>False for what is none; it came over a wire, and nobody is refused for it.</returns>
    public static bool TryParse(string? text, out ActivityContext context)
    {
        context = default;
        return text is { Length: Length } && ActivityContext.TryParse(text, null, isRemote: true, out context);
    }
}
