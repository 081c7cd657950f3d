import asyncio,time,sys
sys.path.insert(0,'/work/main')
from tests.desk import open_desk
from tests.lively import make_lively
from data.desk_tables import ConsoleRole
def test_lines(town):
    async def go():
        L=make_lively(town)
        async with open_desk(town) as desk:
            c=desk.clerk(ConsoleRole.VILLAGE,village='石湾村')
            room=L.rooms[-1]
            for n,t in ((500,'今天天气真好啊大家吃了吗'),(500,'报名2人'),(500,'我想听防骗')):
                body='\n'.join(f'张三{i}：{t}{i}' for i in range(n))
                t0=time.time(); s=await c.post(f'/relay/{room}/paste',text=body); print(n,t,round(time.time()-t0,2),s.status,s.said[:80],s.text[:0])
    asyncio.run(go())
