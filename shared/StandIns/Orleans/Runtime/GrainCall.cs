using System.Reflection;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>A call on its way through the incoming filters to the grain.</summary>
internal sealed class GrainCall<T>(IIncomingGrainCallFilter[] filters, Activation target, GrainMethod<T> method, object?[] args, GrainId? source)
    : IIncomingGrainCallContext, IInvokable
{
    private int _next;
    private object? _result;

    public IInvokable Request => this;

    public object Grain => target.Instance;

    public GrainId? SourceId => source;

    public GrainId TargetId => target.GrainId;

    public string InterfaceName => method.Info.DeclaringType!.FullName!;

    public string MethodName => method.Info.Name;

    public MethodInfo InterfaceMethod => method.Info;

    public IGrainContext TargetContext => target;

    public object? Result { get => _result; set => _result = value; }

    public int GetArgumentCount() => args.Length;

    public object? GetArgument(int index) => args[index];

    public string GetMethodName() => MethodName;

    public string GetInterfaceName() => InterfaceName;

    public string GetActivityName() => $"{method.Info.DeclaringType!.Name}/{MethodName}";

    public Type GetInterfaceType() => method.Info.DeclaringType!;

    /// <summary>Runs the next filter, or the method itself after the last.</summary>
    public async Task Invoke()
    {
        var step = _next++;
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

        var task = method.Invoke(target.Instance, args);
        await task;
        if (task is Task<T> { Result: var result } && typeof(T) != typeof(Nothing)) _result = result;
    }

    public async Task<T> Run()
    {
        await Invoke();
        return _result is null ? default! : (T)_result;
    }
}
