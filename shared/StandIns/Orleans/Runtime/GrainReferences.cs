using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>What callers hold: an object with the grain's interface, made once per reference by <see cref="DispatchProxy"/>.</summary>
internal class GrainProxy : DispatchProxy, IAddressable
{
    private GrainInterface? _interface;

    /// <summary>The activation of the last call, so that most calls need no look-up.</summary>
    private Activation? _last;

    internal Silo Silo { get; private set; } = null!;

    internal GrainId Id { get; private set; }

    public static object Create(Silo silo, GrainInterface @interface, GrainId id)
    {
        var proxy = (GrainProxy)DispatchProxy.Create(@interface.Type, typeof(GrainProxy));
        (proxy.Silo, proxy._interface, proxy.Id) = (silo, @interface, id);
        return proxy;
    }

    public override bool Equals(object? obj) => obj is GrainProxy other && other.Id == Id && other._interface == _interface;

    public override int GetHashCode() => Id.GetHashCode();

    public override string ToString() => $"{_interface!.Type.Name} {Id}";

    internal void Send(Request request)
    {
        if (_last?.TryQueue(request) != true) _last = Silo.Send(Id, request);
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        _interface!.Method(targetMethod!).Call(this, args ?? []);
}

/// <summary>Makes references.</summary>
internal sealed class GrainReferences(Silo silo)
{
    private readonly ConcurrentDictionary<Type, GrainInterface> _interfaces = new();

    /// <exception cref="CodecNotFoundException">A method has a parameter that may not cross a call.</exception>
    public object Get(Type interfaceType, GrainId id) =>
        GrainProxy.Create(silo, _interfaces.GetOrAdd(interfaceType, static (type, copier) => new GrainInterface(type, copier), silo.Copier), id);
}

internal sealed class GrainFactory(Silo silo, IServiceProvider services) : IClusterClient
{
    public IServiceProvider ServiceProvider => services;

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithStringKey
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(primaryKey);
        return Get<TGrainInterface>(primaryKey, grainClassNamePrefix);
    }

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithGuidKey
        => Get<TGrainInterface>(GrainKeys.From(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithIntegerKey
        => Get<TGrainInterface>(GrainKeys.From(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId) where TGrainInterface : IAddressable
        => (TGrainInterface)silo.References.Get(typeof(TGrainInterface), grainId);

    private TGrainInterface Get<TGrainInterface>(string key, string? classNamePrefix) => (TGrainInterface)silo.References.Get(
        typeof(TGrainInterface), GrainId.Create(silo.Classes.Implementing(typeof(TGrainInterface), classNamePrefix).Name, key));
}
