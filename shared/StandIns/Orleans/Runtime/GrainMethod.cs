using System.Linq.Expressions;
using System.Reflection;
using Orleans.Concurrency;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>A grain interface taken apart once: its methods and how to call them.</summary>
internal sealed class GrainInterface
{
    private readonly Dictionary<MethodInfo, GrainMethod> _methods;

    /// <exception cref="ArgumentException">The interface has a member that no grain call can be.</exception>
    /// <exception cref="CodecNotFoundException">A parameter is of a type that may not cross a call.</exception>
    public GrainInterface(Type type, Copier copier)
    {
        if (!type.IsInterface) throw new ArgumentException($"{type} is not a grain interface.");
        Type = type;
        _methods = type.GetInterfaces().Prepend(type).SelectMany(part => part.GetMethods(BindingFlags.Instance | BindingFlags.Public))
            .ToDictionary(method => method, GrainMethod.Create);
        foreach (var parameter in _methods.Keys.SelectMany(method => method.GetParameters()).Select(parameter => parameter.ParameterType))
        {
            if (parameter.IsSealed && !parameter.IsGenericType) copier.Require(parameter);
        }
    }

    public Type Type { get; }

    public GrainMethod Method(MethodInfo method) => _methods[method];
}

/// <summary>One method of a grain interface.</summary>
internal abstract class GrainMethod
{
    private readonly Func<object, object?[], Task> _invoke;
    private readonly bool[] _copied;

    protected GrainMethod(MethodInfo info, Func<object, object?[], Task> invoke)
    {
        (Info, _invoke) = (info, invoke);
        var parameters = info.GetParameters();
        _copied = Array.ConvertAll(parameters, parameter =>
            !parameter.IsDefined(typeof(ImmutableAttribute), false) && !ImmutableTypes.Contains(parameter.ParameterType));
        TokenIndex = Array.FindIndex(parameters, parameter => parameter.ParameterType == typeof(CancellationToken));
        AlwaysInterleave = info.IsDefined(typeof(AlwaysInterleaveAttribute));
        ReadOnly = info.IsDefined(typeof(ReadOnlyAttribute));
        OneWay = info.IsDefined(typeof(OneWayAttribute));
        Timeout = info.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;
    }

    public MethodInfo Info { get; }

    public string Name => $"{Info.DeclaringType!.Name}.{Info.Name}";

    public bool AlwaysInterleave { get; }

    public bool ReadOnly { get; }

    public bool OneWay { get; }

    public TimeSpan? Timeout { get; }

    protected int TokenIndex { get; }

    public static GrainMethod Create(MethodInfo info)
    {
        var returned = info.ReturnType;
        var definition = returned.IsGenericType ? returned.GetGenericTypeDefinition() : returned;
        var isTask = definition == typeof(Task) || definition == typeof(Task<>);
        if (info.IsGenericMethodDefinition || (!isTask && definition != typeof(ValueTask) && definition != typeof(ValueTask<>)))
            throw new ArgumentException($"{info.DeclaringType}.{info.Name} cannot be a grain call: it must return Task, Task<T>, ValueTask or ValueTask<T> and have no type parameters of its own.");

        var grain = Expression.Parameter(typeof(object));
        var args = Expression.Parameter(typeof(object?[]));
        Expression call = Expression.Call(Expression.Convert(grain, info.DeclaringType!), info,
            info.GetParameters().Select((parameter, i) => Expression.Convert(Expression.ArrayIndex(args, Expression.Constant(i)), parameter.ParameterType)));
        if (!isTask) call = Expression.Call(call, nameof(ValueTask.AsTask), null);
        var invoke = Expression.Lambda<Func<object, object?[], Task>>(call, grain, args).Compile();

        var result = returned.IsGenericType ? returned.GetGenericArguments()[0] : typeof(Nothing);
        return (GrainMethod)Activator.CreateInstance(typeof(GrainMethod<>).MakeGenericType(result), info, invoke)!;
    }

    /// <summary>Sends one call.</summary>
    /// <returns>The task of the method's own return type.</returns>
    public abstract object Call(GrainProxy target, object?[] args);

    /// <summary>Runs the method on the grain's instance; in its turn only.</summary>
    public Task Invoke(object grain, object?[] args) => _invoke(grain, args);

    protected void CopyArguments(Copier copier, object?[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            if (_copied[i]) args[i] = copier.Copy(args[i]);
        }
    }
}

/// <summary>The result of a call that has none.</summary>
internal readonly struct Nothing;

internal sealed class GrainMethod<T>(MethodInfo info, Func<object, object?[], Task> invoke) : GrainMethod(info, invoke)
{
    private readonly bool _isTask = info.ReturnType.IsAssignableTo(typeof(Task));
    private readonly bool _resultCopied = typeof(T) != typeof(Nothing) && !info.ReturnParameter.IsDefined(typeof(ImmutableAttribute), false)
        && !ImmutableTypes.Contains(typeof(T));

    public override object Call(GrainProxy target, object?[] args)
    {
        var task = Send(target, args);
        if (_isTask) return task;
        return typeof(T) == typeof(Nothing) ? new ValueTask(task) : new ValueTask<T>(task);
    }

    public T Result(Task task, Copier copier)
    {
        if (typeof(T) == typeof(Nothing)) return default!;
        var result = ((Task<T>)task).Result;
        return _resultCopied ? (T)copier.Copy(result)! : result;
    }

    private Task<T> Send(GrainProxy target, object?[] args) => target.Silo.OutgoingFilters is { Length: > 0 } filters
        ? new OutgoingCall<T>(filters, target, this, args).Run() : SendNow(target, args);

    /// <summary>Copies the arguments and queues the request.</summary>
    public Task<T> SendNow(GrainProxy target, object?[] args)
    {
        var request = new Request<T>(this, args, target.Id, target.Silo.Meter);
        try
        {
            CopyArguments(target.Silo.Copier, args);
            if (TokenIndex >= 0) request.CancelWith((CancellationToken)args[TokenIndex]!);
            // First, so that what the method does cannot reach the caller.
            if (OneWay) request.Forget();
            target.Send(request);
        }
        catch (Exception e)
        {
            // Like any other failure of the call: through its task.
            request.Fail(e);
        }

        return request.Response;
    }
}
