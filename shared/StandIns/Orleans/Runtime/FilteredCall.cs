using System.Reflection;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>What filters see of a call, at its caller as at its grain.</summary>
internal abstract class FilteredCall<T>(GrainMethod<T> method, object?[] args) : IInvokable
{
    protected GrainMethod<T> Method => method;

    protected object?[] Arguments => args;

    /// <summary>The filter whose turn it is.</summary>
    protected int Step { get; set; }

    public object? Result { get; set; }

    public IInvokable Request => this;

    public string InterfaceName => method.Info.DeclaringType!.FullName!;

    public string MethodName => method.Info.Name;

    public MethodInfo InterfaceMethod => method.Info;

    public int GetArgumentCount() => args.Length;

    public object? GetArgument(int index) => args[index];

    public string GetMethodName() => MethodName;

    public string GetInterfaceName() => InterfaceName;

    public string GetActivityName() => $"{method.Info.DeclaringType!.Name}/{MethodName}";

    public Type GetInterfaceType() => method.Info.DeclaringType!;

    /// <summary>Runs the next filter, or what they stand around.</summary>
    public abstract Task Invoke();

    public async Task<T> Run()
    {
        await Invoke();
        return Result is null ? default! : (T)Result;
    }
}
