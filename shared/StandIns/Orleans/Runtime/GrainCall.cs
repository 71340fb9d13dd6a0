namespace Orleans.Runtime;

/// <summary>A call on its way through the incoming filters to the grain.</summary>
internal sealed class GrainCall<T>(IIncomingGrainCallFilter[] filters, Activation target, GrainMethod<T> method, object?[] args, GrainId? source)
    : FilteredCall<T>(method, args), IIncomingGrainCallContext
{
    public object Grain => target.Instance;

    public GrainId? SourceId => source;

    public GrainId TargetId => target.GrainId;

    public IGrainContext TargetContext => target;

    public override async Task Invoke()
    {
        var step = Step++;
        if (step < filters.Length)
        {
            await filters[step].Invoke(this);
            return;
        }

        if (step == filters.Length && target.Instance is IIncomingGrainCallFilter self)
        {
            await self.Invoke(this);
            return;
        }

        var task = Method.Invoke(target.Instance, Arguments);
        await task;
        if (task is Task<T> { Result: var result } && typeof(T) != typeof(Nothing)) Result = result;
    }
}
