using System.Reflection;
using Microsoft.Extensions.Logging;

namespace CvOps.Fleet.Tests;

public sealed class EventIdTests
{
    [Fact]
    public void Every_sentence_that_is_logged_has_a_number_of_its_own()
    {
        const BindingFlags any = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var sentences = typeof(CvOps.Fleet.FleetApp).Assembly.GetTypes().SelectMany(type => type.GetMethods(any))
            .Select(method => (Id: method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId, Where: $"{method.DeclaringType!.DeclaringType?.Name}.{method.Name}")).Where(sentence => sentence.Id is not null).ToArray();
        Assert.True(sentences.Length > 20, $"only {sentences.Length} were found");
        Assert.Empty(sentences.GroupBy(sentence => sentence.Id).Where(group => group.Count() > 1).Select(group => $"{group.Key}: {string.Join(", ", group.Select(sentence => sentence.Where))}"));
    }
}
