using System.Reflection;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>A call on its way through its caller's filters, before its arguments are copied and sent.</summary>
internal sealed class OutgoingCall<T>(IOutgoingGrainCallFilter[] filters, GrainProxy target, GrainMethod<T> method, object?[] args) : IOutgoingGrainCallContext, IInvokable
{
    private int _next;
    private object? _result;

    public IInvokable Request => this;

    public object Grain => target;

    public IGrainContext? SourceContext { get; } = Activation.Current;

    public GrainId? SourceId => SourceContext?.GrainId;

    public GrainId TargetId => target.Id;

    public string InterfaceName => method.Info.DeclaringType!.FullName!;

    public string MethodName => method.Info.Name;

    public MethodInfo InterfaceMethod => method.Info;

    public object? Result { get => _result; set => _result = value; }

    public int GetArgumentCount() => args.Length;

    public object? GetArgument(int index) => args[index];

    public string GetMethodName() => MethodName;

    public string GetInterfaceName() => InterfaceName;

    public string GetActivityName() => $"{method.Info.DeclaringType!.Name}/{MethodName}";

    public Type GetInterfaceType() => method.Info.DeclaringType!;

    /// <summary>Runs the next filter, or sends the call after the last.</summary>
    public async Task Invoke()
    {
        var step = _next++;
        if (step < filters.Length) await filters[step].Invoke(this);
        else if (await method.SendNow(target, args) is { } result && typeof(T) != typeof(Nothing)) _result = result;
    }

    public async Task<T> Run()
    {
        await Invoke();
        return _result is null ? default! : (T)_result;
    }
}
