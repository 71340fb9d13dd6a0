namespace Orleans.Runtime;

/// <summary>A call on its way through its caller's filters, before its arguments are copied and sent.</summary>
internal sealed class OutgoingCall<T>(IOutgoingGrainCallFilter[] filters, GrainProxy target, GrainMethod<T> method, object?[] args)
    : FilteredCall<T>(method, args), IOutgoingGrainCallContext
{
    public object Grain => target;

    public IGrainContext? SourceContext { get; } = Activation.Current;

    public GrainId? SourceId => SourceContext?.GrainId;

    public GrainId TargetId => target.Id;

    public override async Task Invoke()
    {
        var step = Step++;
        if (step < filters.Length) await filters[step].Invoke(this);
        else if (await Method.SendNow(target, Arguments) is { } result && typeof(T) != typeof(Nothing)) Result = result;
    }
}
